"""Answers that come after their call was given up: they settle what nobody has decided."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from django.utils import timezone

from permits import sync
from permits.models import Decision, Permit
from permits.sync import link
from tests.engine.gate import Gate
from tests.engine.office import (
    LATER_ON_WIRE,
    ON_WIRE,
    history,
    make_call,
    now,
    push,
    queued_for,
    withdraw,
)
from tests.raw_server import REFERENCE, http

State = Permit.State
Verdict = Decision.Verdict
OTHER = "2b9b5375-cb75-4c71-9939-eeae550b09ac"


def success(reference: str) -> bytes:
    """A success under this reference."""
    return http(json.dumps({"status": "success", "reference_id": reference}).encode())


def refusal(code: int) -> bytes:
    """A refusal with this code."""
    return http(json.dumps({"ErrorCode": code, "ErrorMessage": "no"}).encode())


@contextmanager
def given_up(gate: Gate, permit: Permit) -> Iterator[None]:
    """Make the call; the block runs once it was given up, and the answer comes after that."""
    with gate.sending(permit):
        with time_machine.travel(link.lease(timezone.now()), tick=False):
            assert sync.recover() == 1
        permit.refresh_from_db()
        yield


def late() -> Decision:
    """The note of the late answer."""
    return Decision.objects.get(verdict=Verdict.LATE_ANSWER)


class TestPush:
    def test_a_late_success_settles_the_doubt(self, gate: Gate) -> None:
        permit = queued_for("push")
        with given_up(gate, permit):
            assert permit.state == State.IN_DOUBT
        assert (permit.state, permit.reference_id) == (State.SYNCED, REFERENCE)
        assert permit.acknowledged == ON_WIRE
        assert late().attempt == permit.attempts.get()
        assert late().reference_id == REFERENCE
        assert "came after the call had been given up" in late().reason
        assert history(permit) == [("push", "in_doubt")], "the attempt is never changed again"

    def test_a_late_refusal_settles_the_doubt(self, gate: Gate) -> None:
        permit = queued_for("push")
        gate.answer = refusal(9033)
        with given_up(gate, permit):
            pass
        assert permit.state == State.REJECTED
        assert "no" in late().reason
        assert late().attempt is not None

    def test_a_late_busy_answer_settles_the_doubt_and_it_is_tried_again(self, gate: Gate) -> None:
        permit = queued_for("push")
        gate.answer = http(b"", status="503 Busy")
        with given_up(gate, permit):
            pass
        assert permit.state == State.QUEUED
        gate.answer = http()
        Permit.objects.update(due_at=timezone.now())
        make_call(permit)
        assert permit.state == State.SYNCED

    def test_a_late_answer_that_says_nothing_leaves_the_doubt(self, gate: Gate) -> None:
        permit = queued_for("push")
        gate.answer = http(b"null")
        with given_up(gate, permit):
            pass
        assert permit.state == State.IN_DOUBT
        assert late().attempt is None, "the push is still to be decided"
        sync.resolve_not_there(permit.pk, reason="I looked", actor="supervisor")

    def test_a_late_success_after_the_decision_changes_nothing_and_is_shown(
        self, gate: Gate
    ) -> None:
        permit = queued_for("push")
        with given_up(gate, permit):
            sync.resolve_not_there(permit.pk, reason="I looked", actor="supervisor")
        assert (permit.state, permit.reference_id) == (State.QUEUED, "")
        assert (late().reference_id, late().attempt) == (REFERENCE, None)
        assert REFERENCE in late().reason

    def test_a_late_success_after_another_push_does_not_take_its_place(self, gate: Gate) -> None:
        permit = queued_for("push")
        with given_up(gate, permit):
            sync.resolve_there(permit.pk, reference_id=OTHER, reason="Seen", actor="supervisor")
        assert (permit.state, permit.reference_id) == (State.SYNCED, OTHER)
        assert late().reference_id == REFERENCE

    def test_a_late_success_of_a_permit_withdrawn_meanwhile_is_taken_off(self, gate: Gate) -> None:
        permit = queued_for("push")
        with given_up(gate, permit):
            withdraw(permit)
        assert (permit.state, permit.reference_id) == (State.QUEUED, REFERENCE)
        assert make_call(permit).operation == "delete"
        assert permit.state == State.DELETED

    def test_a_late_success_under_another_permits_reference_leaves_the_doubt(
        self, gate: Gate
    ) -> None:
        other = push()
        permit = queued_for("push")
        gate.answer = success(other.reference_id)
        with given_up(gate, permit):
            pass
        assert permit.state == State.IN_DOUBT
        assert "another permit" in late().reason


@pytest.mark.parametrize("operation", ["update", "delete"])
class TestUpdateAndDelete:
    @pytest.mark.parametrize(
        "answer", [success(REFERENCE), refusal(9033), http(b"", status="503 Busy"), http(b"null")],
        ids=["success", "refusal", "busy", "nothing"],
    )  # fmt: skip
    def test_a_late_answer_is_written_down_and_the_repeat_stays_due(
        self, gate: Gate, operation: str, answer: bytes
    ) -> None:
        permit = queued_for(operation)
        gate.answer = answer
        with given_up(gate, permit):
            assert permit.state == State.QUEUED
        assert permit.state == State.QUEUED
        assert late().permit == permit
        assert late().attempt is None

    def test_the_repeat_does_no_harm(self, gate: Gate, operation: str) -> None:
        permit = queued_for(operation)
        with given_up(gate, permit):
            pass
        if operation == "delete":
            gate.answer = refusal(9009)
        Permit.objects.update(due_at=timezone.now())
        make_call(permit)
        assert permit.state == (State.SYNCED if operation == "update" else State.DELETED)
        if operation == "update":
            assert now(permit).acknowledged["end_time"] == LATER_ON_WIRE
