"""What the staff do while a call is under way is kept, shown, and sent when they ask for it."""

import json
from decimal import Decimal

import pytest

from permits import sync
from permits.models import Decision, Permit
from tests.engine.gate import Gate
from tests.engine.office import (
    LATER,
    ON_WIRE,
    ask,
    edit,
    history,
    make_call,
    now,
    push,
    queued_for,
    wanted,
    withdraw,
)
from tests.raw_server import REFERENCE, http

State = Permit.State
REFUSAL = http(json.dumps({"ErrorCode": 9033, "ErrorMessage": "no"}).encode())
NONSENSE = http(b"null")
BUSY = http(b"", status="503 Busy")


def sent(gate: Gate) -> list[dict[str, str]]:
    """The bodies that have arrived, without the token."""
    bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in gate.requests]
    return [{name: body[name] for name in body if name != "apiToken"} for body in bodies]


class TestEdits:
    @pytest.mark.parametrize("operation", ["push", "update"])
    def test_an_edit_is_kept_and_shown_as_a_difference(self, gate: Gate, operation: str) -> None:
        permit = queued_for(operation)
        with gate.sending(permit):
            edit(permit, plate="XYZ 9")
        assert (permit.plate, permit.state) == ("XYZ 9", State.CHANGED)
        assert wanted(permit) == {"plate": "XYZ 9"}
        assert permit.acknowledged["plate"] == "ABC 123"
        assert len(history(permit)) == (1 if operation == "push" else 2)

    @pytest.mark.parametrize("operation", ["push", "update"])
    def test_asked_for_it_is_sent_afterwards(self, gate: Gate, operation: str) -> None:
        permit = queued_for(operation)
        with gate.sending(permit):
            edit(permit, plate="XYZ 9")
            ask(permit)
        assert permit.state == State.SYNCED
        assert sent(gate)[-1] == {"reference_id": REFERENCE, "plate": "XYZ 9"}
        assert wanted(permit) == {}
        assert not permit.send_again

    def test_asked_for_twice_it_is_sent_once(self, gate: Gate) -> None:
        permit = queued_for("push")
        with gate.sending(permit):
            edit(permit, plate="XYZ 8")
            ask(permit)
            edit(permit, plate="XYZ 9")
            ask(permit)
        assert [body.get("plate") for body in sent(gate)] == ["ABC 123", "XYZ 9"]

    def test_asked_for_without_an_edit_nothing_more_is_sent(self, gate: Gate) -> None:
        permit = queued_for("push")
        with gate.sending(permit):
            ask(permit)
        assert (permit.state, len(gate.requests)) == (State.SYNCED, 1)
        assert not permit.send_again

    def test_an_edit_of_what_cannot_change_is_shown_and_not_sent(self, gate: Gate) -> None:
        permit = queued_for("push")
        with gate.sending(permit):
            edit(permit, ticket_number="T-999")
            ask(permit)
        assert (permit.state, len(gate.requests)) == (State.CHANGED, 1)
        assert wanted(permit) == {"ticket_number": "T-999"}

    def test_an_edit_that_goes_back_during_an_update_is_shown(self, gate: Gate) -> None:
        permit = push()
        edit(permit, amount=Decimal("20.00"))
        ask(permit)
        with gate.sending(permit):
            edit(permit, amount=Decimal("12.50"))
        assert (permit.state, wanted(permit)) == (State.CHANGED, {"amount": "12.50"})

    @pytest.mark.parametrize("operation", ["push", "update"])
    def test_after_a_refusal_an_edit_that_was_asked_for_is_queued(
        self, gate: Gate, operation: str
    ) -> None:
        permit = queued_for(operation)
        gate.answer = REFUSAL
        with gate.sending(permit):
            edit(permit, plate="XYZ 9")
            ask(permit)
        assert permit.state == State.QUEUED
        gate.answer = http()
        make_call(permit)
        assert (permit.state, sent(gate)[-1]["plate"]) == (State.SYNCED, "XYZ 9")

    def test_after_a_refusal_an_edit_that_was_not_asked_for_stays(self, gate: Gate) -> None:
        permit = queued_for("push")
        gate.answer = REFUSAL
        with gate.sending(permit):
            edit(permit, plate="XYZ 9")
        assert (permit.state, permit.plate) == (State.REJECTED, "XYZ 9")

    def test_a_push_in_doubt_is_not_followed_by_another_whatever_was_asked(
        self, gate: Gate
    ) -> None:
        permit = queued_for("push")
        gate.answer = NONSENSE
        with gate.sending(permit):
            edit(permit, plate="XYZ 9")
            ask(permit)
        assert (permit.state, len(gate.requests)) == (State.IN_DOUBT, 1)
        assert not permit.send_again
        with pytest.raises(sync.Refused, match="Resolve that first"):
            ask(permit)

    def test_after_a_busy_answer_the_edit_is_sent_with_the_retry(self, gate: Gate) -> None:
        permit = queued_for("push")
        gate.answer = BUSY
        with gate.sending(permit):
            edit(permit, plate="XYZ 9", end_time=LATER)
        assert permit.state == State.QUEUED
        gate.answer = http()
        ask(permit)
        make_call(permit)
        assert sent(gate)[-1]["plate"] == "XYZ 9"
        assert permit.state == State.SYNCED


class TestWithdrawals:
    @pytest.mark.parametrize("operation", ["push", "update"])
    def test_a_withdrawal_during_a_call_is_carried_out_after_it(
        self, gate: Gate, operation: str
    ) -> None:
        permit = queued_for(operation)
        with gate.sending(permit):
            withdraw(permit)
        assert permit.state == State.DELETED
        assert history(permit)[-2:] == [(operation, "succeeded"), ("delete", "succeeded")]

    def test_a_withdrawal_during_a_push_that_is_refused_leaves_nothing_to_do(
        self, gate: Gate
    ) -> None:
        permit = queued_for("push")
        gate.answer = REFUSAL
        with gate.sending(permit):
            withdraw(permit)
        assert permit.state == State.DELETED
        assert permit.withdrawn_at is not None

    def test_a_withdrawal_during_a_push_that_did_not_leave_ends_it(self, gate: Gate) -> None:
        permit = queued_for("push")
        gate.answer = BUSY
        with gate.sending(permit):
            withdraw(permit)
        Permit.objects.update(due_at=permit.entered_at)
        assert sync.send(permit.pk) is None
        assert now(permit).state == State.DELETED
        assert len(gate.requests) == 1

    def test_a_withdrawal_during_a_push_in_doubt_waits_for_the_decision(self, gate: Gate) -> None:
        permit = queued_for("push")
        gate.answer = NONSENSE
        with gate.sending(permit):
            withdraw(permit)
        assert permit.state == State.IN_DOUBT
        assert permit.withdrawn_at is not None
        assert len(gate.requests) == 1

    def test_a_withdrawal_during_an_update_in_doubt_goes_next(self, gate: Gate) -> None:
        permit = queued_for("update")
        gate.answer = NONSENSE
        with gate.sending(permit):
            withdraw(permit)
        assert permit.state == State.QUEUED
        gate.answer = http()
        withdraw(permit)
        assert make_call(permit).operation == "delete"

    def test_a_withdrawal_during_an_update_that_is_refused_goes_next(self, gate: Gate) -> None:
        permit = queued_for("update")
        gate.answer = REFUSAL
        with gate.sending(permit):
            withdraw(permit)
        assert permit.state == State.QUEUED
        gate.answer = http()
        assert make_call(permit).operation == "delete"

    def test_a_withdrawal_cannot_be_taken_back_during_its_delete(self, gate: Gate) -> None:
        permit = queued_for("delete")
        with gate.sending(permit), pytest.raises(sync.Refused, match="too late"):
            sync.keep(permit.pk, actor="clerk")
        assert permit.state == State.DELETED

    def test_who_withdrew_is_written_down_at_once(self, gate: Gate) -> None:
        permit = queued_for("push")
        with gate.sending(permit):
            withdraw(permit, "Sold twice")
            decision = Decision.objects.get()
            assert (decision.verdict, decision.actor) == (Decision.Verdict.WITHDRAW, "clerk")
            assert decision.reason == "Sold twice"


class TestUnknownUpdates:
    def test_going_back_to_the_old_value_is_sent_too(self, gate: Gate) -> None:
        permit = push()
        edit(permit, amount=Decimal("20.00"))
        ask(permit)
        gate.answer = NONSENSE
        make_call(permit)
        assert permit.acknowledged["amount"] is None
        gate.answer = http()
        edit(permit, amount=Decimal("12.50"))
        ask(permit)
        make_call(permit)
        assert sent(gate)[-1]["amount"] == "12.50"
        assert permit.state == State.SYNCED
        assert permit.acknowledged == ON_WIRE

    def test_what_the_update_did_not_touch_is_still_known(self, gate: Gate) -> None:
        permit = push()
        edit(permit, amount=Decimal("20.00"))
        ask(permit)
        gate.answer = NONSENSE
        make_call(permit)
        assert permit.acknowledged == {**ON_WIRE, "amount": None}

    def test_after_an_unknown_delete_that_is_kept_all_is_said_again(self, gate: Gate) -> None:
        permit = queued_for("delete")
        gate.answer = NONSENSE
        make_call(permit)
        sync.keep(permit.pk, actor="clerk", reason="Sold after all")
        gate.answer = http()
        assert make_call(permit).operation == "update"
        assert sent(gate)[-1] == {
            "reference_id": REFERENCE, "EndDateUtc": ON_WIRE["end_time"],
            "plate": "ABC 123", "amount": "12.50", "currency": "CAD",
        }  # fmt: skip
        assert permit.state == State.SYNCED
