"""Records that are not there, and references that belong to somebody else."""

import pytest

from permits.models import Permit, SyncAttempt
from tests.endings import Scene, success
from tests.engine.office import make_call, now, push, queued_for, withdraw
from tests.sandbox_server import Sandbox

Outcome = SyncAttempt.Outcome
State = Permit.State


class TestNotFound:
    def test_a_delete_of_what_is_not_there_is_done(self, sandbox: Sandbox) -> None:
        permit = queued_for("delete")
        sandbox.lose_record(permit.reference_id)
        attempt = make_call(permit)
        assert (attempt.outcome, attempt.error_code) == (Outcome.REJECTED, 9009)
        assert permit.state == State.DELETED

    def test_an_update_of_what_is_not_there_shows_it_missing(self, sandbox: Sandbox) -> None:
        permit = queued_for("update")
        reference = permit.reference_id
        sandbox.lose_record(reference)
        attempt = make_call(permit)
        assert (attempt.outcome, attempt.error_code) == (Outcome.REJECTED, 9009)
        assert (permit.state, permit.reference_id) == (State.MISSING, reference)

    def test_a_push_that_is_answered_9009_is_rejected(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("error", code=9009)
        make_call(permit)
        assert permit.state == State.REJECTED


class TestAnothersReference:
    @pytest.mark.parametrize("state", [State.SYNCED, State.DELETED])
    def test_a_push_that_is_given_it_is_in_doubt(self, scene: Scene, state: State) -> None:
        other = push()
        if state == State.DELETED:
            withdraw(other)
            make_call(other)
        permit = queued_for("push")
        scene.reference = other.reference_id
        success()(scene)
        attempt = make_call(permit)
        assert (attempt.outcome, permit.state) == (Outcome.IN_DOUBT, State.IN_DOUBT)
        assert "reference ID of another permit" in attempt.error_message
        assert scene.reference in attempt.response
        assert permit.reference_id == ""
        assert now(other).state == state

    @pytest.mark.parametrize("operation", ["update", "delete"])
    def test_an_update_or_delete_that_is_answered_with_it_is_repeated(
        self, scene: Scene, operation: str
    ) -> None:
        other, permit = push(), queued_for(operation)
        mine, scene.reference = permit.reference_id, other.reference_id
        success()(scene)
        attempt = make_call(permit)
        assert (attempt.outcome, permit.state) == (Outcome.IN_DOUBT, State.QUEUED)
        assert permit.reference_id == mine
        assert now(other).state == State.SYNCED
