"""Replacing: a successor is pushed, and once it is on the controller the old permit goes."""

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from permits import sync
from permits.models import Decision, Permit, Zone
from tests.engine.gate import Gate
from tests.engine.office import (
    ACTOR,
    END,
    START,
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
from tests.raw_server import SUCCESS, http
from tests.sandbox_server import Sandbox

State = Permit.State


def replace(permit: Permit, **changes: Any) -> Permit:
    """Replace the permit by one with other values."""
    fields = {
        "plate": "ABC 123",
        "start_time": START,
        "end_time": END,
        "amount": Decimal("12.50"),
        "currency": "CAD",
        "ticket_number": "T-100",
        "zone": Zone.objects.get_or_create(name="Lot 1")[0],
        **changes,
    }
    return sync.replace(permit.pk, fields=fields, actor=ACTOR)


class TestConfirmed:
    def test_the_old_permit_is_deleted_once_the_new_one_is_there(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        assert (now(old).state, new.state) == (State.SYNCED, State.QUEUED)
        make_call(new)
        assert (now(old).state, new.state) == (State.DELETED, State.SYNCED)
        (record,) = sandbox.records("live")
        assert (record["zone"], record["reference"]) == ("Lot 1", new.reference_id)
        operations = [request["operation"] for request in sandbox.requests()]
        assert operations == ["push", "push", "delete"]

    def test_both_keep_their_history_and_know_each_other(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        make_call(new)
        assert new.replaces == old
        assert list(old.successors.all()) == [new]
        assert history(old) == [("push", "succeeded"), ("delete", "succeeded")]
        decision = Decision.objects.get(permit=old)
        assert decision.reason == f"Replaced by {new.pk}."
        assert decision.actor == ACTOR

    def test_after_a_crash_in_between_the_sweep_finishes(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        assert sync.call_one(new.pk) is not None, "and nobody goes on to the old one"
        assert (now(old).state, now(new).state) == (State.QUEUED, State.SYNCED)
        assert len(sandbox.records("live")) == 2
        assert sync.drain(go_on=lambda: True).total() == 1
        assert now(old).state == State.DELETED
        assert len(sandbox.records("live")) == 1

    def test_a_successor_in_doubt_leaves_the_old_one_until_it_is_found_there(
        self, sandbox: Sandbox
    ) -> None:
        old = push()
        new = replace(old)
        sandbox.fault("close")
        make_call(new)
        assert (now(old).state, new.state) == (State.SYNCED, State.IN_DOUBT)
        reference = sandbox.records("live")[1]["reference"]
        sync.resolve_there(new.pk, reference_id=reference, reason="Seen", actor=ACTOR)
        assert now(old).state == State.QUEUED
        make_call(old)
        assert old.state == State.DELETED

    def test_a_chain_of_successors_is_followed(self, sandbox: Sandbox) -> None:
        first = push()
        second = replace(first)
        make_call(second)
        third = replace(second, ticket_number="T-3")
        make_call(third)
        assert [now(each).state for each in (first, second, third)] == [
            State.DELETED, State.DELETED, State.SYNCED,
        ]  # fmt: skip
        assert len(sandbox.records("live")) == 1

    def test_an_edit_that_follows_the_push_does_not_keep_the_old_one(
        self, sandbox: Sandbox
    ) -> None:
        old = push()
        new = replace(old)
        make_call(new)
        edit(new, plate="XYZ 9")
        sync.ask(new.pk, actor=ACTOR, source="form")  # type: ignore[arg-type]
        make_call(new)
        assert now(old).state == State.DELETED


class TestRefused:
    def test_a_successor_that_is_refused_leaves_the_old_one(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        sandbox.fault("error")
        make_call(new)
        assert (now(old).state, new.state) == (State.SYNCED, State.REJECTED)
        assert old.withdrawn_at is None
        assert len(sandbox.records("live")) == 1

    def test_another_successor_has_to_wait_for_the_first_one_to_go(self, sandbox: Sandbox) -> None:
        old = push()
        first = replace(old)
        with pytest.raises(sync.Refused, match="Another permit replaces this one already"):
            replace(old)
        withdraw(first)
        assert replace(old).replaces == old

    def test_a_refused_successor_that_is_withdrawn_makes_room(self, sandbox: Sandbox) -> None:
        old = push()
        first = replace(old)
        sandbox.fault("error")
        make_call(first)
        withdraw(first)
        second = replace(old)
        make_call(second)
        assert now(old).state == State.DELETED

    def test_values_that_are_not_valid_are_refused_and_nothing_is_entered(
        self, sandbox: Sandbox
    ) -> None:
        old = push()
        with pytest.raises(ValidationError) as caught:
            replace(old, plate="", end_time=START)
        assert set(caught.value.message_dict) >= {"plate", "end_time"}
        assert Permit.objects.count() == 1

    def test_a_permit_that_is_not_on_the_controller_is_not_replaced(self, sandbox: Sandbox) -> None:
        for permit in (enter(), in_doubt(sandbox), missing(sandbox)):
            with pytest.raises(sync.Refused, match="Only a permit that is on the controller"):
                replace(permit)

    def test_a_permit_that_was_withdrawn_is_not_replaced(self, sandbox: Sandbox) -> None:
        with pytest.raises(sync.Refused, match="was withdrawn"):
            replace(queued_for("delete"))

    def test_a_permit_that_was_deleted_is_not_replaced(self, sandbox: Sandbox) -> None:
        permit = queued_for("delete")
        make_call(permit)
        with pytest.raises(sync.Refused, match="Only a permit that is on the controller"):
            replace(permit)


class TestGivenUp:
    """The new one was withdrawn before the controller had acknowledged it: the old one stays."""

    def test_while_its_push_is_under_way(self, gate: Gate) -> None:
        old = push()
        gate.answer = http(SUCCESS.replace(b"1a9b5375", b"2a9b5375"))
        new = replace(old)
        with gate.sending(new):
            withdraw(new)
        assert (now(old).state, now(new).state) == (State.SYNCED, State.DELETED)
        assert old.withdrawn_at is None

    def test_in_doubt_and_found_to_be_there(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        sandbox.fault("close")
        make_call(new)
        withdraw(new)
        reference = sandbox.records("live")[1]["reference"]
        sync.resolve_there(new.pk, reference_id=reference, reason="Seen", actor=ACTOR)
        sync.drain(go_on=lambda: True)
        assert (now(old).state, now(new).state) == (State.SYNCED, State.DELETED)
        assert [each["reference"] for each in sandbox.records("live")] == [old.reference_id]

    def test_in_doubt_and_found_not_to_be_there(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        sandbox.fault("close", applied=False)
        make_call(new)
        withdraw(new)
        sync.resolve_not_there(new.pk, reason="Not seen", actor=ACTOR)
        sync.drain(go_on=lambda: True)
        assert (now(old).state, now(new).state) == (State.SYNCED, State.DELETED)

    def test_and_kept_after_all_the_old_one_goes(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        sandbox.fault("close")
        make_call(new)
        withdraw(new)
        reference = sandbox.records("live")[1]["reference"]
        sync.resolve_there(new.pk, reference_id=reference, reason="Seen", actor=ACTOR)
        sync.keep(new.pk, actor=ACTOR)
        sync.drain(go_on=lambda: True)
        assert (now(old).state, now(new).state) == (State.DELETED, State.SYNCED)
        assert [each["reference"] for each in sandbox.records("live")] == [reference]


class TestMeanwhile:
    def test_the_old_one_may_have_been_withdrawn_by_hand(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        withdraw(old)
        make_call(old)
        make_call(new)
        assert (now(old).state, new.state) == (State.DELETED, State.SYNCED)
        assert Decision.objects.filter(permit=old).count() == 1

    def test_the_old_one_may_have_gone_missing(self, sandbox: Sandbox) -> None:
        old = push()
        new = replace(old)
        sandbox.lose_record(old.reference_id)
        make_call(new)
        assert now(old).state == State.DELETED
        assert history(old)[-1] == ("delete", "rejected")
