"""The retry schedule: later each time, with jitter, up to a ceiling, and at last never."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import sync
from permits.models import Permit, Source
from tests.engine.office import (
    ask,
    edit,
    enter,
    make_call,
    now,
    push,
    queued_for,
    withdraw,
)
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.usefixtures("clock")

State = Permit.State
FIRST, LONGEST = timedelta(seconds=5), timedelta(minutes=15)


def wait_of(permit: Permit) -> timedelta:
    """How long the permit has to wait."""
    assert permit.due_at is not None
    return permit.due_at - timezone.now()


@pytest.mark.parametrize("operation", ["push", "update", "delete"])
class TestSchedule:
    def test_each_wait_is_about_twice_the_one_before_up_to_a_ceiling(
        self, sandbox: Sandbox, clock: Traveller, operation: str
    ) -> None:
        permit = queued_for(operation)
        sandbox.fault("status", times=11)
        for number in range(11):
            make_call(permit)
            longest = min(FIRST * 2**number, LONGEST)
            assert longest / 2 <= wait_of(permit) <= longest, number
            assert permit.tries == number + 1
            assert permit.due_at is not None
            clock.move_to(permit.due_at)
        assert FIRST * 2**10 > LONGEST

    def test_it_is_not_tried_before_its_time(
        self, sandbox: Sandbox, clock: Traveller, operation: str
    ) -> None:
        permit = queued_for(operation)
        sandbox.fault("status")
        make_call(permit)
        assert permit.due_at is not None
        clock.move_to(permit.due_at - timedelta(milliseconds=1))
        assert sync.send(permit.pk) is None
        clock.move_to(permit.due_at)
        assert make_call(permit).outcome == "succeeded"

    def test_after_the_last_try_it_waits_for_a_person(
        self, sandbox: Sandbox, settings: Settings, operation: str
    ) -> None:
        settings.OPSCOM_RETRY_TRIES = 2
        permit = queued_for(operation)
        sandbox.fault("status", times=2)
        make_call(permit)
        Permit.objects.update(due_at=timezone.now())
        make_call(permit)
        assert (permit.state, permit.due_at, permit.is_stuck) == (State.QUEUED, None, True)
        assert list(Permit.objects.stuck()) == [permit]
        assert sync.drain(go_on=lambda: True).total() == 0

    def test_a_person_revives_it(
        self, sandbox: Sandbox, settings: Settings, operation: str
    ) -> None:
        settings.OPSCOM_RETRY_TRIES = 1
        permit = queued_for(operation)
        sandbox.fault("status")
        make_call(permit)
        assert permit.is_stuck
        ask(permit)
        assert (now(permit).due_at, permit.tries) == (timezone.now(), 0)
        assert make_call(permit).outcome == "succeeded"

    def test_a_success_forgets_the_tries(self, sandbox: Sandbox, operation: str) -> None:
        permit = queued_for(operation)
        sandbox.fault("status")
        make_call(permit)
        Permit.objects.update(due_at=timezone.now())
        make_call(permit)
        assert permit.tries == 0

    def test_a_wait_that_the_controller_names_is_honoured(
        self, sandbox: Sandbox, operation: str
    ) -> None:
        permit = queued_for(operation)
        sandbox.fault("status", status=429, headers={"Retry-After": "1800"})
        make_call(permit)
        assert wait_of(permit) == timedelta(seconds=1800)

    def test_a_date_that_the_controller_names_is_honoured(
        self, sandbox: Sandbox, operation: str
    ) -> None:
        permit = queued_for(operation)
        sandbox.fault("status", headers={"Retry-After": "Mon, 23 Nov 2026 09:00:00 GMT"})
        make_call(permit)
        assert permit.due_at == datetime(2026, 11, 23, 9, tzinfo=UTC)

    def test_a_named_wait_that_is_shorter_does_not_hurry_it(
        self, sandbox: Sandbox, operation: str
    ) -> None:
        permit = queued_for(operation)
        sandbox.fault("status", headers={"Retry-After": "1"})
        make_call(permit)
        assert wait_of(permit) >= FIRST / 2


def test_permits_that_failed_together_are_not_tried_together(sandbox: Sandbox) -> None:
    permits = [enter() for _ in range(8)]
    sandbox.fault("status", times=8)
    for permit in permits:
        sync.ask(permit.pk, actor="clerk", source=Source.FORM)
        make_call(permit)
    assert len({wait_of(permit) for permit in permits}) > 4


@pytest.mark.parametrize("operation", ["push", "update", "delete"])
def test_a_refused_configuration_counts_as_no_try(sandbox: Sandbox, operation: str) -> None:
    permit = queued_for(operation)
    sandbox.fault("error", code=9002)
    make_call(permit)
    assert (permit.tries, permit.due_at) == (0, timezone.now())


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_an_unknown_outcome_is_repeated_on_the_same_schedule(
    sandbox: Sandbox, clock: Traveller, operation: str
) -> None:
    permit = queued_for(operation)
    sandbox.fault("close", times=3)
    for number in range(3):
        make_call(permit)
        assert FIRST * 2**number / 2 <= wait_of(permit) <= FIRST * 2**number
        assert permit.due_at is not None
        clock.move_to(permit.due_at)
    make_call(permit)
    assert permit.state == (State.SYNCED if operation == "update" else State.DELETED)


def test_an_edit_does_not_hurry_a_retry(sandbox: Sandbox) -> None:
    permit = queued_for("push")
    sandbox.fault("status")
    make_call(permit)
    due_at = permit.due_at
    edit(permit, plate="XYZ 9")
    assert now(permit).due_at == due_at


def test_a_withdrawal_of_a_stuck_permit_is_due_at_once(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.OPSCOM_RETRY_TRIES = 1
    permit = queued_for("update")
    sandbox.fault("status")
    make_call(permit)
    assert permit.is_stuck
    withdraw(permit)
    assert make_call(permit).operation == "delete"
    assert permit.state == State.DELETED


def test_a_stuck_withdrawal_is_revived_by_withdrawing_again(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.OPSCOM_RETRY_TRIES = 1
    permit = queued_for("delete")
    sandbox.fault("status")
    make_call(permit)
    assert permit.is_stuck
    withdraw(permit)
    make_call(permit)
    assert permit.state == State.DELETED


def test_one_failing_permit_holds_up_no_other(sandbox: Sandbox) -> None:
    failing, other = queued_for("push"), enter()
    sandbox.fault("status")
    make_call(failing)
    assert push(other).state == State.SYNCED
