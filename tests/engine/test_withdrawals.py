"""Withdrawing a permit, and keeping it after all, from wherever it stands."""

import pytest

from permits import sync
from permits.models import Decision, Permit, Source
from tests.engine.office import (
    ACTOR,
    edit,
    enter,
    history,
    make_call,
    now,
    push,
    queued_for,
    withdraw,
)
from tests.engine.test_decisions import in_doubt, missing
from tests.sandbox_server import Sandbox

State = Permit.State


def keep(permit: Permit) -> None:
    """Keep the permit after all."""
    sync.keep(permit.pk, actor=ACTOR, reason="A mistake")
    permit.refresh_from_db()


def refused(sandbox: Sandbox, operation: str) -> Permit:
    """A permit whose last call was refused."""
    permit = queued_for(operation)
    sandbox.fault("error")
    make_call(permit)
    assert permit.state == State.REJECTED
    return permit


class TestWithdrawing:
    def test_a_draft_that_never_had_a_call_is_removed(self, sandbox: Sandbox) -> None:
        permit = enter()
        withdraw(permit)
        assert not Permit.objects.filter(pk=permit.pk).exists()
        assert Permit.history.filter(id=permit.pk, history_type="-").exists()

    def test_a_queued_push_that_was_not_tried_yet_is_removed(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        withdraw(permit)
        assert not Permit.objects.filter(pk=permit.pk).exists()

    def test_a_push_that_did_not_leave_is_called_off(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("status")
        make_call(permit)
        withdraw(permit)
        assert now(permit).state == State.DELETED
        assert sync.send(permit.pk) is None

    def test_a_refused_push_is_called_off(self, sandbox: Sandbox) -> None:
        permit = refused(sandbox, "push")
        withdraw(permit)
        assert now(permit).state == State.DELETED

    @pytest.mark.parametrize("edited", [False, True])
    def test_a_permit_on_the_controller_is_deleted_there(
        self, sandbox: Sandbox, edited: bool
    ) -> None:
        permit = push()
        if edited:
            edit(permit, plate="XYZ 9")
        withdraw(permit)
        assert now(permit).state == State.QUEUED
        assert make_call(permit).operation == "delete"
        assert sandbox.records("live") == []

    def test_a_queued_update_becomes_a_delete(self, sandbox: Sandbox) -> None:
        permit = queued_for("update")
        withdraw(permit)
        make_call(permit)
        assert history(permit) == [("push", "succeeded"), ("delete", "succeeded")]

    def test_a_refused_update_becomes_a_delete(self, sandbox: Sandbox) -> None:
        permit = refused(sandbox, "update")
        withdraw(permit)
        make_call(permit)
        assert permit.state == State.DELETED

    def test_a_refused_delete_is_tried_again_by_withdrawing_again(self, sandbox: Sandbox) -> None:
        permit = refused(sandbox, "delete")
        withdraw(permit)
        make_call(permit)
        assert permit.state == State.DELETED
        assert Decision.objects.count() == 1, "it was withdrawn once"

    def test_a_missing_permit_is_done_with(self, sandbox: Sandbox) -> None:
        permit = missing(sandbox)
        withdraw(permit)
        assert now(permit).state == State.DELETED
        assert len(sandbox.requests("delete")) == 0

    def test_a_push_in_doubt_waits_for_the_decision(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox)
        withdraw(permit)
        assert now(permit).state == State.IN_DOUBT
        assert permit.withdrawn_at is not None

    def test_it_is_written_down_who_withdrew_and_why(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit, "Refunded ")
        decision = Decision.objects.get()
        assert (decision.verdict, decision.actor) == (Decision.Verdict.WITHDRAW, ACTOR)
        assert decision.reference_id == permit.reference_id
        assert (now(permit).asked_by, permit.asked_through) == (ACTOR, Source.FORM)

    def test_what_was_deleted_is_not_withdrawn_again(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit)
        make_call(permit)
        with pytest.raises(sync.Refused, match="deleted already"):
            withdraw(permit)


class TestKeeping:
    def test_a_permit_without_a_difference_rests_again(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit)
        keep(permit)
        assert (permit.state, permit.withdrawn_at) == (State.SYNCED, None)
        assert sync.send(permit.pk) is None
        assert len(sandbox.records("live")) == 1

    def test_a_permit_with_a_difference_is_updated(self, sandbox: Sandbox) -> None:
        permit = push()
        edit(permit, plate="XYZ 9")
        withdraw(permit)
        keep(permit)
        assert make_call(permit).operation == "update"
        assert permit.state == State.SYNCED

    def test_after_a_refused_delete_it_rests_again(self, sandbox: Sandbox) -> None:
        permit = refused(sandbox, "delete")
        keep(permit)
        assert permit.state == State.SYNCED

    def test_a_push_in_doubt_stays_in_doubt(self, sandbox: Sandbox) -> None:
        permit = in_doubt(sandbox, applied=False)
        withdraw(permit)
        keep(permit)
        assert (permit.state, permit.withdrawn_at) == (State.IN_DOUBT, None)
        sync.resolve_not_there(permit.pk, reason="I looked", actor=ACTOR)
        make_call(permit)
        assert permit.state == State.SYNCED

    def test_it_is_written_down_who_kept_it_and_why(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit)
        keep(permit)
        decision = Decision.objects.first()
        assert decision is not None
        assert (decision.verdict, decision.actor) == (Decision.Verdict.KEEP, ACTOR)
        assert decision.reason == "A mistake"

    def test_what_was_not_withdrawn_is_not_kept(self, sandbox: Sandbox) -> None:
        with pytest.raises(sync.Refused, match="not withdrawn"):
            keep(push())

    @pytest.mark.parametrize("operation", ["push", "delete"])
    def test_what_was_deleted_is_not_kept(self, sandbox: Sandbox, operation: str) -> None:
        permit = refused(sandbox, "push") if operation == "push" else push()
        withdraw(permit)
        if operation == "delete":
            make_call(permit)
        assert now(permit).state == State.DELETED
        with pytest.raises(sync.Refused, match="too late"):
            keep(permit)

    def test_it_may_be_withdrawn_again(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit)
        keep(permit)
        withdraw(permit)
        make_call(permit)
        assert permit.state == State.DELETED
