"""Outside tools that write to the table: `queued` means due at once, and nothing is done twice."""

from datetime import timedelta

import pytest
from django.db import connection
from time_machine import Traveller

from permits import sync
from permits.models import Permit, SyncAttempt
from permits.sync.claims import claim
from tests.endings import OPERATIONS
from tests.engine.gate import Gate
from tests.engine.office import (
    ACTOR,
    ask,
    edit,
    enter,
    history,
    make_call,
    now,
    push,
    queued_for,
    withdraw,
)
from tests.raw_server import http
from tests.sandbox_server import Sandbox

State = Permit.State


def set_state(permit: Permit, state: str) -> None:
    """Write the state as an outside tool does, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE permits_permit SET state = %s WHERE id = %s", [state, permit.pk])


def drain() -> dict[str, int]:
    """Send whatever is due; how many calls had which outcome."""
    return dict(sync.drain(go_on=lambda: True))


class TestQueued:
    def test_a_draft_is_pushed(self, sandbox: Sandbox) -> None:
        permit = enter()
        set_state(permit, "queued")
        assert drain() == {"succeeded": 1}
        assert now(permit).state == State.SYNCED

    def test_a_permit_that_was_changed_is_updated(self, sandbox: Sandbox) -> None:
        permit = push()
        edit(permit, plate="XYZ 9")
        set_state(permit, "queued")
        assert drain() == {"succeeded": 1}
        assert history(permit)[-1] == ("update", "succeeded")

    def test_a_permit_that_was_rejected_is_tried_again(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("error")
        make_call(permit)
        set_state(permit, "queued")
        assert drain() == {"succeeded": 1}

    def test_a_permit_without_a_difference_goes_back_to_rest(self, sandbox: Sandbox) -> None:
        permit = push()
        set_state(permit, "queued")
        assert drain() == {}
        assert now(permit).state == State.SYNCED
        assert len(sandbox.requests()) == 1

    def test_a_permit_whose_difference_cannot_be_sent_goes_back_to_rest(
        self, sandbox: Sandbox
    ) -> None:
        permit = push()
        Permit.objects.filter(pk=permit.pk).update(ticket_number="T-999")
        set_state(permit, "queued")
        assert drain() == {}
        assert now(permit).state == State.CHANGED

    @pytest.mark.parametrize("applied", [True, False])
    def test_a_push_in_doubt_is_never_made_again_without_a_decision(
        self, sandbox: Sandbox, clock: Traveller, applied: bool
    ) -> None:
        permit = queued_for("push")
        sandbox.fault("close", applied=applied)
        make_call(permit)
        for _ in range(3):
            set_state(permit, "queued")
            clock.shift(timedelta(hours=1))
            assert sync.send(permit.pk) is None
            assert drain() == {}
            assert now(permit).state == State.IN_DOUBT
        assert len(sandbox.requests("push")) == 1

    def test_a_push_in_doubt_is_made_again_after_the_decision(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("close", applied=False)
        make_call(permit)
        set_state(permit, "queued")
        drain()
        sync.resolve_not_there(permit.pk, reason="I looked", actor="supervisor")
        assert drain() == {"succeeded": 1}

    def test_a_deleted_permit_stays_deleted(self, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit)
        make_call(permit)
        set_state(permit, "queued")
        drain()
        assert now(permit).state == State.DELETED
        assert sandbox.records("live") == []
        assert len(sandbox.requests("push")) == 1

    def test_a_missing_permit_is_not_pushed_again(self, sandbox: Sandbox) -> None:
        permit = queued_for("update")
        sandbox.lose_record(permit.reference_id)
        make_call(permit)
        assert permit.state == State.MISSING
        set_state(permit, "queued")
        drain()
        assert now(permit).state == State.MISSING
        assert len(sandbox.requests("push")) == 1

    def test_a_missing_permit_that_was_edited_back_is_still_missing(self, sandbox: Sandbox) -> None:
        permit = push()
        edit(permit, plate="XYZ 9")
        sync.ask(permit.pk, actor="clerk", source="form")  # type: ignore[arg-type]
        sandbox.lose_record(permit.reference_id)
        make_call(permit)
        edit(permit, plate="ABC 123")
        set_state(permit, "queued")
        drain()
        assert now(permit).state == State.MISSING

    def test_a_row_that_was_written_by_another_program_is_pushed(self, sandbox: Sandbox) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO permits_permit"
                " (plate, ticket_number, currency, start_time, end_time, state)"
                " VALUES ('RAW 1', '', '', '2026-11-23 09:00:00+00', '2026-11-23 10:00:00+00',"
                " 'queued')"
            )
        assert drain() == {"succeeded": 1}
        (record,) = sandbox.records()
        assert (record["plate"], record["end"]) == ("RAW 1", "2026-11-23T10:00:00")
        assert SyncAttempt.objects.get().actor == ""


@pytest.mark.parametrize("operation", OPERATIONS)
class TestQueuedDuringItsCall:
    def test_the_call_is_not_made_twice(self, gate: Gate, operation: str) -> None:
        permit = queued_for(operation)
        before = len(gate.requests)
        with gate.sending(permit):
            set_state(permit, "queued")
            assert drain() == {}
            assert claim(permit.pk) is None
        drain()
        assert len(gate.requests) == before + 1
        assert now(permit).state == (State.DELETED if operation == "delete" else State.SYNCED)
        assert not permit.send_again

    def test_a_doubt_is_not_lost(self, gate: Gate, operation: str) -> None:
        permit = queued_for(operation)
        before = len(gate.requests)
        gate.answer = http(b"null")
        with gate.sending(permit):
            set_state(permit, "queued")
            drain()
        drain()
        assert len(gate.requests) == before + 1
        assert now(permit).state == (State.IN_DOUBT if operation == "push" else State.QUEUED)

    def test_an_edit_goes_along(self, gate: Gate, operation: str) -> None:
        permit = queued_for(operation)
        with gate.sending(permit):
            if operation != "delete":
                edit(permit, plate="XYZ 9")
            set_state(permit, "queued")
        drain()
        assert now(permit).state == (State.DELETED if operation == "delete" else State.SYNCED)
        if operation != "delete":
            assert b"XYZ 9" in gate.requests[-1]

    def test_who_decides_meanwhile_decides_as_during_any_call(
        self, gate: Gate, operation: str
    ) -> None:
        permit = queued_for(operation)
        with gate.sending(permit):
            ask(permit)
            set_state(permit, "queued")
            Permit.objects.filter(pk=permit.pk).update(due_at=None)
            if operation == "delete":
                with pytest.raises(sync.Refused, match="It is too late"):
                    sync.keep(permit.pk, reason="Too late", actor=ACTOR)
            else:
                withdraw(permit)
                assert (now(permit).state, permit.send_again) == (State.SENDING, True)
        drain()
        assert (now(permit).state, permit.send_again) == (State.DELETED, False)
        assert history(permit)[-1] == ("delete", "succeeded")


def test_a_permit_that_cannot_be_said_is_rejected_with_the_reason(sandbox: Sandbox) -> None:
    permit = enter()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE permits_permit SET state = 'queued', start_time = '1999-01-01 00:00:00+00'"
        )
    assert drain() == {}
    assert now(permit).state == State.REJECTED
    attempt = permit.attempts.get()
    assert (attempt.outcome, attempt.operation) == ("rejected", "push")
    assert attempt.error_message.startswith("Never sent: The year must lie between")
    assert sandbox.requests() == []
