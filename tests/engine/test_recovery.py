"""Calls that a crash cut off are found once their lease has run out, and put right."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import sync
from permits.models import Operation, Permit, Source, SyncAttempt
from permits.sync import link
from permits.sync.claims import claim
from tests.endings import OPERATIONS
from tests.engine.office import (
    LATER_ON_WIRE,
    ON_WIRE,
    ask,
    edit,
    enter,
    history,
    make_call,
    now,
    push,
    queued_for,
)
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.usefixtures("clock", "sandbox")

Outcome = SyncAttempt.Outcome
State = Permit.State
STATES = {"push": State.IN_DOUBT, "update": State.QUEUED, "delete": State.QUEUED}


def cut_off(operation: str) -> Permit:
    """A permit whose call was claimed and written down, and never heard of again."""
    permit = queued_for(operation)
    claimed = claim(permit.pk)
    assert claimed is not None
    assert now(permit).state == State.SENDING
    return permit


def past_the_lease(clock: Traveller) -> None:
    """Let the lease of a call that was just claimed run out."""
    clock.move_to(link.lease(timezone.now()))


@pytest.mark.parametrize("operation", OPERATIONS)
class TestACutOffCall:
    def test_it_is_in_doubt_and_the_permit_follows_the_table(
        self, clock: Traveller, operation: str
    ) -> None:
        permit = cut_off(operation)
        past_the_lease(clock)
        assert sync.recover() == 1
        assert now(permit).state == STATES[operation]
        attempt = permit.attempts.latest("pk")
        assert (attempt.operation, attempt.outcome) == (operation, Outcome.IN_DOUBT)
        assert attempt.error_message.startswith("The call was cut off")
        assert attempt.finished_at == timezone.now()

    def test_it_is_left_alone_until_its_lease_has_run_out(
        self, clock: Traveller, settings: Settings, operation: str
    ) -> None:
        permit = cut_off(operation)
        clock.shift(timedelta(seconds=settings.OPSCOM_DEADLINE + 5) - timedelta(milliseconds=1))
        assert sync.recover() == 0
        assert now(permit).state == State.SENDING

    def test_it_is_put_right_once(self, clock: Traveller, operation: str) -> None:
        cut_off(operation)
        past_the_lease(clock)
        assert sync.recover() == 1
        assert sync.recover() == 0

    def test_nobody_else_can_make_its_call_until_then(
        self, sandbox: Sandbox, clock: Traveller, operation: str
    ) -> None:
        permit = cut_off(operation)
        before = len(sandbox.requests())
        assert claim(permit.pk) is None
        assert claim(None) is None
        assert sync.drain(go_on=lambda: True).total() == 0
        assert len(sandbox.requests()) == before


class TestAfterwards:
    def test_a_push_is_never_made_again_by_itself(self, sandbox: Sandbox, clock: Traveller) -> None:
        permit = cut_off("push")
        past_the_lease(clock)
        sync.recover()
        clock.shift(timedelta(days=30))
        assert sync.drain(go_on=lambda: True).total() == 0
        assert sync.send(permit.pk) is None
        assert sandbox.requests() == []

    @pytest.mark.parametrize("operation", ["update", "delete"])
    def test_an_update_or_delete_is_repeated(
        self, sandbox: Sandbox, clock: Traveller, operation: str
    ) -> None:
        permit = cut_off(operation)
        past_the_lease(clock)
        sync.recover()
        clock.shift(timedelta(minutes=15))
        assert sync.drain(go_on=lambda: True) == {Outcome.SUCCEEDED: 1}
        assert history(permit)[-2:] == [(operation, "in_doubt"), (operation, "succeeded")]
        assert now(permit).state == (State.SYNCED if operation == "update" else State.DELETED)

    def test_what_an_update_may_have_changed_is_not_known(self, clock: Traveller) -> None:
        permit = cut_off("update")
        past_the_lease(clock)
        sync.recover()
        assert now(permit).acknowledged == {**ON_WIRE, "end_time": None}
        (difference,) = permit.differences()
        assert (difference.wanted, difference.acknowledged) == (LATER_ON_WIRE, None)

    def test_an_edit_that_was_asked_for_meanwhile_is_part_of_the_repeat(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        permit = cut_off("update")
        edit(permit, plate="XYZ 9")
        ask(permit)
        past_the_lease(clock)
        sync.recover()
        assert not now(permit).send_again
        clock.shift(timedelta(minutes=15))
        make_call(permit)
        assert sandbox.requests("update")[-1]["fields"]["plate"] == "XYZ 9"

    @pytest.mark.parametrize("operation", ["update", "delete"])
    def test_crash_after_crash_ends_with_a_person(
        self, clock: Traveller, settings: Settings, operation: str
    ) -> None:
        settings.OPSCOM_RETRY_TRIES = 3
        permit = cut_off(operation)
        for _ in range(3):
            past_the_lease(clock)
            sync.recover()
            clock.shift(timedelta(minutes=15))
            claim(permit.pk)
        assert now(permit).is_stuck


def test_counts_that_were_cut_off_are_closed_too(clock: Traveller) -> None:
    attempt = SyncAttempt.objects.create(
        operation=Operation.STATS,
        source=Source.SHELL,
        started_at=timezone.now(),
        lease_until=link.lease(timezone.now()),
    )
    past_the_lease(clock)
    assert sync.recover() == 1
    attempt.refresh_from_db()
    assert attempt.outcome == Outcome.IN_DOUBT


def test_many_cut_off_calls_are_put_right_together(clock: Traveller) -> None:
    permits = [cut_off("push") for _ in range(5)]
    past_the_lease(clock)
    assert sync.recover() == 5
    assert {now(permit).state for permit in permits} == {State.IN_DOUBT}


def test_a_call_that_ended_is_not_touched(clock: Traveller) -> None:
    permit = push()
    past_the_lease(clock)
    assert sync.recover() == 0
    assert now(permit).state == State.SYNCED


class TestOrphans:
    """Somebody else wrote `sending` into a permit for which no call is made."""

    def orphan(self, permit: Permit, **more: Any) -> Permit:
        Permit.objects.filter(pk=permit.pk).update(state=State.SENDING, **more)
        return permit

    def test_one_that_was_never_pushed_is_in_doubt(self) -> None:
        permit = self.orphan(enter())
        assert sync.recover() == 1
        assert now(permit).state == State.IN_DOUBT

    def test_one_that_is_on_the_controller_is_queued(self) -> None:
        permit = self.orphan(push())
        assert sync.recover() == 1
        assert now(permit).state == State.QUEUED

    def test_one_that_was_to_be_sent_again_loses_the_wish(self) -> None:
        permit = self.orphan(enter(), send_again=True)
        sync.recover()
        assert not now(permit).send_again

    def test_its_doubt_can_be_resolved(self) -> None:
        permit = self.orphan(enter())
        sync.recover()
        sync.resolve_not_there(permit.pk, reason="I looked", actor="supervisor")
        assert now(permit).state == State.QUEUED

    def test_its_doubt_can_be_resolved_after_an_earlier_one_was(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("close", applied=False)
        make_call(permit)
        sync.resolve_not_there(permit.pk, reason="I looked", actor="supervisor")
        self.orphan(permit)
        sync.recover()
        assert now(permit).state == State.IN_DOUBT
        sync.resolve_there(permit.pk, reference_id="ABC-1", reason="It is", actor="supervisor")
        assert now(permit).reference_id == "ABC-1"
