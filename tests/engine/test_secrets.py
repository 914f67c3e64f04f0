"""The API token is in no row of any table, and in no log, whatever the controller echoes."""

import logging

import pytest
from django.apps import apps

from permits import sync
from permits.models import Decision, Link, Source, SyncAttempt
from tests.endings import WITH_STATS, Arrange, Scene, fault, literally
from tests.engine.gate import Gate
from tests.engine.office import make_call, queued_for
from tests.engine.test_late_answers import given_up
from tests.raw_server import http
from tests.sandbox_server import TOKEN, Sandbox


def all_rows() -> str:
    """Everything that our tables hold."""
    models = apps.get_app_config("permits").get_models()
    return str([list(model._base_manager.values()) for model in models]).lower()


@pytest.mark.parametrize("operation", WITH_STATS)
@pytest.mark.parametrize(
    "echo",
    [
        fault("echo_token"),
        fault("error", code=9002, message=f"The token {TOKEN.upper()} lacks the permission."),
        literally(f"<p>{TOKEN}</p>", 500),
        literally({"status": "success", "reference_id": TOKEN}),
        literally({"data": [{"zone": TOKEN, "type": "temp", "total": "1"}]}),
    ],
    ids=["request", "message", "page", "reference", "zone"],
)
def test_an_echo_of_it_is_nowhere(
    scene: Scene, caplog: pytest.LogCaptureFixture, operation: str, echo: Arrange
) -> None:
    permit = None if operation == "stats" else queued_for(operation)
    echo(scene)
    with caplog.at_level(logging.DEBUG):
        if permit is None:
            sync.pull_counts(actor="", source=Source.SHELL)
        else:
            make_call(permit)
    assert SyncAttempt.objects.exists()
    assert TOKEN not in all_rows() + caplog.text.lower()


def test_the_reason_of_a_pause_does_not_show_it(sandbox: Sandbox) -> None:
    permit = queued_for("push")
    sandbox.fault("error", code=9002, message=f"Bad token {TOKEN}")
    make_call(permit)
    assert Link.current().detail == "Bad token [token]"


def test_the_note_of_a_late_answer_does_not_show_it(gate: Gate) -> None:
    permit = queued_for("push")
    gate.answer = http(f'{{"ErrorCode": 9033, "ErrorMessage": "Bad token {TOKEN}"}}'.encode())
    with given_up(gate, permit):
        pass
    assert "[token]" in Decision.objects.get().reason
    assert TOKEN not in all_rows()
