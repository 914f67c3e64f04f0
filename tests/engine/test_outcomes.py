"""The outcome table: what becomes of the permit and its attempt, however the call ends."""

import re
from dataclasses import dataclass

import pytest

from permits.controller import (
    Busy,
    ConfigurationRefused,
    ControllerError,
    OutcomeUnknown,
    PermitRefused,
    Unreachable,
)
from permits.models import Permit, SyncAttempt
from tests.endings import ENDINGS, OPERATIONS, Ending, Scene, by_operation
from tests.engine.conftest import Meet
from tests.engine.office import history, make_call, queued_for
from tests.sandbox_server import TOKEN

Outcome = SyncAttempt.Outcome
State = Permit.State

# The client's tests try each code under each status; here one status will do.
SOME = [ending for ending in ENDINGS if not re.search(r"^9\d+ under 4", ending.name)]


@dataclass(frozen=True)
class Row:
    """A row of the table."""

    attempt: Outcome
    push: State
    other: State  # after an update or a delete


TABLE: dict[type[ControllerError], Row] = {
    Unreachable: Row(Outcome.NOT_SENT, State.QUEUED, State.QUEUED),
    Busy: Row(Outcome.NOT_SENT, State.QUEUED, State.QUEUED),
    ConfigurationRefused: Row(Outcome.REJECTED, State.QUEUED, State.QUEUED),
    PermitRefused: Row(Outcome.REJECTED, State.REJECTED, State.REJECTED),
    OutcomeUnknown: Row(Outcome.IN_DOUBT, State.IN_DOUBT, State.QUEUED),
}


@pytest.mark.parametrize(("ending", "operation"), by_operation(SOME, *OPERATIONS), ids=str)
def test_permit_and_attempt_stand_as_the_table_says(
    scene: Scene, meet: Meet, ending: Ending, operation: str
) -> None:
    permit = queued_for(operation)
    known = permit.acknowledged
    scene.reference = permit.reference_id or scene.reference
    meet(ending)

    attempt = make_call(permit)

    row = TABLE[ending.error]
    assert (attempt.operation, attempt.outcome) == (operation, row.attempt)
    assert permit.state == (row.push if operation == "push" else row.other)
    assert permit.reference_id == ("" if operation == "push" else scene.reference)
    stored = SyncAttempt.objects.get(pk=attempt.pk)
    assert stored.outcome == row.attempt
    assert stored.error_code == ending.code
    assert stored.finished_at is not None
    assert stored.error_message or ending.code is not None
    assert history(permit)[-1] == (operation, row.attempt)
    if row.attempt != Outcome.IN_DOUBT:
        assert permit.acknowledged == known


@pytest.mark.parametrize("operation", OPERATIONS)
class TestTheHistory:
    def test_it_holds_what_was_sent_and_what_came_back(self, scene: Scene, operation: str) -> None:
        permit = queued_for(operation)
        attempt = SyncAttempt.objects.get(pk=make_call(permit).pk)
        (asked,) = scene.sandbox.requests(operation)
        assert attempt.request == asked["fields"]
        assert attempt.response == asked["answer"]
        assert attempt.response_length == len(asked["answer"])
        assert (attempt.http_status, attempt.outcome) == (200, Outcome.SUCCEEDED)
        assert (attempt.error_code, attempt.error_message) == (None, "")
        assert (attempt.actor, attempt.permit) == ("clerk", permit)
        assert attempt.duration_ms is not None

    def test_it_holds_the_controllers_own_words(self, scene: Scene, operation: str) -> None:
        permit = queued_for(operation)
        words = "Zone <b>“9”</b> is unknown\n"
        scene.sandbox.fault("error", code=9015, message=words, status=422)
        attempt = SyncAttempt.objects.get(pk=make_call(permit).pk)
        assert (attempt.error_code, attempt.error_message) == (9015, words)
        assert attempt.http_status == 422
        assert "9015" in attempt.response

    def test_it_holds_our_words_where_the_controller_is_mute(
        self, scene: Scene, operation: str
    ) -> None:
        permit = queued_for(operation)
        scene.sandbox.fault("close")
        attempt = SyncAttempt.objects.get(pk=make_call(permit).pk)
        assert attempt.error_message.startswith("The answer was lost: ")
        assert (attempt.http_status, attempt.response, attempt.response_length) == (None, "", None)

    def test_it_holds_a_page_that_came_instead(self, scene: Scene, operation: str) -> None:
        permit = queued_for(operation)
        scene.sandbox.fault("html", status=502)
        attempt = SyncAttempt.objects.get(pk=make_call(permit).pk)
        assert attempt.http_status == 502
        assert attempt.response.startswith("<!doctype html>")
        assert attempt.error_message == "The controller's answer (HTTP 502) is not the agreed one."

    def test_it_holds_no_token(self, scene: Scene, operation: str) -> None:
        permit = queued_for(operation)
        scene.sandbox.fault("echo_token")
        attempt = make_call(permit)
        row = SyncAttempt.objects.filter(pk=attempt.pk).values().get()
        assert TOKEN not in str(row).lower()
        assert "[token]" in row["response"]

    @pytest.mark.parametrize("text", ["a\\u0000b", "a\\ud800b", "😀"])
    def test_it_holds_any_message_that_a_database_can_store(
        self, scene: Scene, operation: str, text: str
    ) -> None:
        permit = queued_for(operation)
        body = f'{{"ErrorCode": 9033, "ErrorMessage": "{text}"}}'
        scene.sandbox.fault("answer", body=body)
        make_call(permit)
        assert permit.state == State.REJECTED

    def test_a_raw_nul_in_an_answer_is_kept_as_its_replacement(
        self, scene: Scene, operation: str
    ) -> None:
        permit = queued_for(operation)
        scene.sandbox.fault("answer", body="a\x00b", status=500)
        make_call(permit)
        assert permit.attempts.latest("pk").response == "a\N{REPLACEMENT CHARACTER}b"
