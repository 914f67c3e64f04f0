"""The pictures: counted once whatever happens, drawn for any numbers, and readable as tables."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from permits import tallying
from permits.charts import HEIGHT, WIDTH, Column, Part, ceiling, lying, percentile, standing
from permits.models import CallTally, ResponseTally, SyncAttempt, Tallied
from tests.pages.desk import HISTORY, Desks
from tests.pages.test_history import call
from tests.sandbox_server import Sandbox

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)


def count_all() -> None:
    """Count whatever can be counted."""
    tallying.tally(go_on=lambda: True)


def counted() -> Counter[tuple[str, str, int]]:
    """The tallies, added up over the hours."""
    found: Counter[tuple[str, str, int]] = Counter()
    for tally in CallTally.objects.all():
        found[tally.operation, tally.outcome, tally.error_code] += tally.calls
    return found


@pytest.mark.usefixtures("desks")
class TestTallies:
    def test_each_call_is_counted_once_however_often_one_counts(self) -> None:
        for hours in (1, 1, 2, 50):
            call(started_at=NOW - timedelta(hours=hours))
        call(started_at=NOW - timedelta(hours=3), outcome="rejected", error_code=9005)
        with time_machine.travel(NOW):
            for _ in range(3):
                count_all()
        assert counted() == {("push", "succeeded", 0): 4, ("push", "rejected", 9005): 1}
        assert sum(ResponseTally.objects.values_list("calls", flat=True)) == 5

    def test_what_comes_later_is_added(self) -> None:
        call(started_at=NOW - timedelta(hours=1))
        with time_machine.travel(NOW):
            count_all()
        call(started_at=NOW)
        with time_machine.travel(NOW + timedelta(minutes=5)):
            count_all()
        assert counted() == {("push", "succeeded", 0): 2}

    def test_a_call_under_way_holds_back_what_began_after_it(self) -> None:
        under_way = call(
            started_at=NOW - timedelta(minutes=20),
            outcome="sending",
            finished_at=None,
            http_status=None,
        )
        call(started_at=NOW - timedelta(minutes=10))
        with time_machine.travel(NOW):
            count_all()
            assert not counted()
            SyncAttempt.objects.filter(pk=under_way.pk).update(outcome="in_doubt", finished_at=NOW)
            count_all()
        assert counted() == {("push", "in_doubt", 0): 1, ("push", "succeeded", 0): 1}

    def test_a_count_that_was_cut_off_never_was(self, monkeypatch: pytest.MonkeyPatch) -> None:
        call(started_at=NOW - timedelta(hours=1))
        with time_machine.travel(NOW):
            with monkeypatch.context() as patch:
                patch.setattr(ResponseTally, "bucket_of", lambda took: took / 0)
                with pytest.raises(ZeroDivisionError):
                    count_all()
            assert not counted()
            count_all()
        assert counted() == {("push", "succeeded", 0): 1}

    def test_they_can_be_counted_anew(self) -> None:
        call(started_at=NOW - timedelta(hours=1))
        with time_machine.travel(NOW):
            count_all()
            CallTally.objects.update(calls=99)
            tallying.rebuild()
        assert counted() == {("push", "succeeded", 0): 1}

    def test_they_stay_right_about_the_zones(self, sandbox: Sandbox) -> None:
        from tests.engine.office import push

        permit = push()
        count_all()
        assert Tallied.objects.get().zones == [[permit.zone_id, 1]]


class TestThePages:
    def test_each_bar_leads_to_its_calls(self, desks: Desks) -> None:
        call(started_at=timezone.now(), outcome="rejected", error_code=9005, http_status=422)
        page = desks.auditor.open("/")
        today = timezone.localdate().isoformat()
        links = {link.attributes["href"] for link in page.root.all("a")}
        assert f"{HISTORY}?from={today}&to={today}&outcome=rejected" in links
        assert any("code=9005" in link for link in links)

    def test_a_reader_who_sees_no_history_is_led_nowhere(self, desks: Desks) -> None:
        call(started_at=timezone.now())
        page = desks.clerk.open("/")
        links = [link.attributes["href"] for link in page.root.all("a")]
        assert not [link for link in links if link.startswith(HISTORY)]
        assert page.root.all("rect")

    def test_the_numbers_stand_in_tables_too(self, desks: Desks) -> None:
        for _ in range(3):
            call(started_at=timezone.now(), duration_ms=100)
        page = desks.auditor.open(HISTORY)
        tables = [each.text for each in page.root.all("details.chart-table")]
        assert len(tables) == 2
        assert "today 3 0 0 0" in tables[0]
        assert page.root.all("svg")
        assert not page.root.all("[style]")


@given(st.lists(st.lists(st.integers(0, 10**9), min_size=2, max_size=2), max_size=40))
def test_whatever_the_numbers_no_bar_leaves_the_chart(numbers: list[list[int]]) -> None:
    columns = [
        Column(str(n), str(n), [Part("success", "a", a, str(a)), Part("danger", "b", b, str(b))])
        for n, (a, b) in enumerate(numbers)
    ]
    for chart in (standing("x", "X", columns, first="n"), lying("x", "X", columns, first="n")):
        assert len(chart.bars) >= sum(1 for pair in numbers for value in pair if value)
        for bar in chart.bars:
            assert bar.x >= 0
            assert bar.x + bar.width <= WIDTH + 0.1
            assert bar.y >= -0.1
            assert bar.y + bar.height <= max(chart.height, HEIGHT) + 0.1


@given(st.floats(0, 1e12))
def test_the_scale_holds_its_largest_value(value: float) -> None:
    assert value <= ceiling(value) <= max(10 * value, 1)


@given(st.lists(st.integers(1, 60_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95]))
def test_a_percentile_from_buckets_is_at_most_a_fifth_too_long(
    times: list[int], share: float
) -> None:
    buckets = Counter(ResponseTally.bucket_of(took) for took in times)
    counts = [
        (ResponseTally.longest_in(bucket), calls) for bucket, calls in sorted(buckets.items())
    ]
    exact = sorted(times)[max(-(-int(len(times) * share * 100) // 100) - 1, 0)]
    found = percentile(counts, share)
    assert found is not None
    assert found >= exact
    assert found <= max(sorted(times)[min(int(len(times) * share), len(times) - 1)] * 1.2, 1)


def test_buckets_grow_and_leave_no_gap() -> None:
    assert ResponseTally.bucket_of(0) == ResponseTally.bucket_of(1) == 0
    bounds = [ResponseTally.longest_in(bucket) for bucket in range(70)]
    assert all(after == pytest.approx(before * 1.2) for before, after in pairwise(bounds))
