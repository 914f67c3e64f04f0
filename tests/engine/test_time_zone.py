"""When `OPSCOM_TIME_ZONE` turns out to be another, what was entered can still be dealt with."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from permits import sync
from permits.models import Permit
from tests.engine.gate import Gate
from tests.engine.office import ACTOR, ask, enter, make_call, now, push, queued_for, withdraw
from tests.engine.test_decisions import in_doubt
from tests.sandbox_server import Sandbox

State = Permit.State
TORONTO = ZoneInfo("America/Toronto")
START = datetime(2026, 10, 31, 12, tzinfo=UTC)
TWICE = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
"""A moment that Toronto's clocks show twice, and so the controller could not be told."""


def enter_ambiguous() -> Permit:
    """A permit that can be told in UTC, and in Toronto's time cannot."""
    return enter(start_time=START, end_time=TWICE)


def test_a_push_of_what_cannot_be_told_is_rejected_with_the_reason(
    sandbox: Sandbox, settings: Settings
) -> None:
    permit = enter_ambiguous()
    ask(permit)
    settings.OPSCOM_TIME_ZONE = TORONTO
    attempt = make_call(permit)
    assert (attempt.outcome, permit.state) == ("rejected", State.REJECTED)
    assert attempt.error_message.startswith("Never sent: 2026-11-01 01:30 happens twice")
    assert sandbox.requests() == []


def test_asking_for_it_is_refused_with_the_reason(settings: Settings) -> None:
    permit = enter_ambiguous()
    settings.OPSCOM_TIME_ZONE = TORONTO
    with pytest.raises(sync.Refused, match="happens twice in America/Toronto"):
        ask(permit)


def test_it_can_be_deleted(sandbox: Sandbox, settings: Settings) -> None:
    permit = push(enter_ambiguous())
    settings.OPSCOM_TIME_ZONE = TORONTO
    withdraw(permit)
    assert make_call(permit).operation == "delete"
    assert permit.state == State.DELETED


def test_an_answer_that_comes_after_the_change_is_recorded(gate: Gate, settings: Settings) -> None:
    permit = enter_ambiguous()
    ask(permit)
    with gate.sending(permit):
        settings.OPSCOM_TIME_ZONE = TORONTO
    assert permit.attempts.get().outcome == "succeeded"
    assert permit.state == State.CHANGED
    assert permit.reference_id


def test_a_doubt_can_be_resolved(sandbox: Sandbox, settings: Settings) -> None:
    permit = enter_ambiguous()
    ask(permit)
    sandbox.fault("close")
    make_call(permit)
    settings.OPSCOM_TIME_ZONE = TORONTO
    sync.resolve_there(permit.pk, reference_id="ABC-1", reason="Seen", actor=ACTOR)
    assert (now(permit).state, permit.reference_id) == (State.CHANGED, "ABC-1")


def test_a_withdrawal_can_be_taken_back(sandbox: Sandbox, settings: Settings) -> None:
    permit = push(enter_ambiguous())
    withdraw(permit)
    settings.OPSCOM_TIME_ZONE = TORONTO
    sync.keep(permit.pk, actor=ACTOR)
    assert now(permit).withdrawn_at is None
    assert make_call(permit).outcome == "rejected"
    assert permit.state == State.REJECTED


def test_what_was_acknowledged_in_another_zone_is_a_difference(
    sandbox: Sandbox, settings: Settings
) -> None:
    permit = push()
    settings.OPSCOM_TIME_ZONE = TORONTO
    assert [difference.field for difference in permit.differences()] == ["start_time", "end_time"]


@pytest.mark.parametrize("operation", ["push", "update"])
def test_what_can_be_told_in_both_is_sent_in_the_new_one(
    sandbox: Sandbox, settings: Settings, operation: str
) -> None:
    permit = queued_for(operation)
    settings.OPSCOM_TIME_ZONE = TORONTO
    make_call(permit)
    end = "2026-11-23T06:00:00" if operation == "push" else "2026-11-23T07:00:00"
    assert sandbox.requests(operation)[0]["fields"]["endTime"] == end


def test_a_doubt_stays_a_doubt(sandbox: Sandbox, settings: Settings) -> None:
    permit = in_doubt(sandbox)
    settings.OPSCOM_TIME_ZONE = TORONTO
    assert sync.send(permit.pk) is None
    assert now(permit).state == State.IN_DOUBT
