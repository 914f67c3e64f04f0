"""When a message is due, by the rules alone."""

from datetime import UTC, datetime, timedelta

import pytest

from permits.alerts.concerns import Concern
from permits.alerts.rules import DAY, GAP, QUIET, Told, digest_after, is_due, over

T = datetime(2026, 11, 23, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def opened(**marks: int) -> dict[str, Concern]:
    """What is open: each with one, and this mark."""
    return {name: Concern(name, 1, mark, name, "", "", "/") for name, mark in marks.items()}


def told(at: datetime, **marks: int) -> Told:
    """A message: a mark of 0 told that it is over."""
    return Told(at, {name: int(mark > 0) for name, mark in marks.items()}, marks)


def test_nothing_is_told_of_nothing() -> None:
    assert not is_due(T, {}, [])


def test_the_first_is_told_at_once() -> None:
    assert is_due(T, opened(unknown=1), [])


def test_another_kind_is_told_as_soon_as_the_gap_allows() -> None:
    before = [told(T, unknown=1)]
    now_open = opened(unknown=1, paused=1)
    assert not is_due(T + GAP - SECOND, now_open, before)
    assert is_due(T + GAP, now_open, before)


def test_more_of_the_same_waits_for_the_digest() -> None:
    before = [told(T, unknown=1)]
    assert not is_due(T + HOUR - SECOND, opened(unknown=2), before)
    assert is_due(T + HOUR, opened(unknown=2), before)


def test_the_same_with_nothing_new_is_told_again_after_a_day() -> None:
    before = [told(T, unknown=1)]
    assert not is_due(T + DAY - SECOND, opened(unknown=1), before)
    assert is_due(T + DAY, opened(unknown=1), before)


@pytest.mark.parametrize(("before", "hours"), [(1, 1), (2, 4), (3, 12), (4, 24), (9, 24)])
def test_the_digests_grow_apart(before: int, hours: int) -> None:
    messages = [told(T - n * HOUR, unknown=9 - n) for n in range(before)]
    assert digest_after(messages[1:], T) == timedelta(hours=hours)
    assert not is_due(T + timedelta(hours=hours) - SECOND, opened(unknown=99), messages)
    assert is_due(T + timedelta(hours=hours), opened(unknown=99), messages)


def test_a_day_without_a_message_begins_anew() -> None:
    messages = [told(T, unknown=2), told(T - DAY, unknown=1), told(T - DAY - HOUR, paused=1)]
    assert is_due(T + HOUR, opened(unknown=3), messages)


def test_all_clear_is_told_once() -> None:
    assert not is_due(T + GAP - SECOND, {}, [told(T, unknown=1)])
    assert is_due(T + GAP, {}, [told(T, unknown=1)])
    assert not is_due(T + 9 * DAY, {}, [told(T, unknown=0), told(T - HOUR, unknown=1)])


def test_one_that_is_over_while_another_is_open_waits_for_the_digest() -> None:
    before = [told(T, unknown=1, paused=1)]
    assert over(opened(unknown=1), before) == ["paused"]
    assert not is_due(T + GAP, opened(unknown=1), before)
    assert is_due(T + HOUR, opened(unknown=1), before)


def test_one_that_comes_back_soon_waits_for_the_digest() -> None:
    before = [told(T, paused=0), told(T - HOUR, paused=1)]
    assert not is_due(T + GAP, opened(paused=2), before)
    assert is_due(T + 4 * HOUR, opened(paused=2), before)


def test_one_that_comes_back_after_a_quiet_time_is_told_at_once() -> None:
    before = [told(T, unknown=1), told(T - QUIET, paused=0), told(T - QUIET - HOUR, paused=1)]
    assert is_due(T + GAP, opened(unknown=1, paused=2), before)
