"""A run: every call is written down, nothing is left, and nothing is said of the token."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Final

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from permits import sync, tasks, validation
from permits.models import Link, Permit, Source, SyncAttempt, Validation, ValidationStep
from permits.validation import plan
from tests.engine.test_secrets import all_rows
from tests.environment import ROOT
from tests.processes import free_port
from tests.raw_server import Conversation, RawServer, http
from tests.sandbox_server import TOKEN, Sandbox

pytestmark = pytest.mark.usefixtures("database")
Standing = ValidationStep.Standing


def run() -> Validation:
    """Make a run."""
    made = validation.run(validation.ask(actor="root").pk)
    assert made is not None
    return made


def standings(made: Validation) -> dict[str, str]:
    return dict(made.steps.values_list("name", "standing"))


def live(sandbox: Sandbox) -> list[str]:
    return [record["plate"] for record in sandbox.records("live")]


def test_every_step_goes_as_it_should(sandbox: Sandbox) -> None:
    made = run()
    assert standings(made) == dict.fromkeys(plan.LABELS, Standing.GOOD)
    assert not made.steps.exclude(note="").exists()
    assert made.has_passed


def test_nothing_is_left_on_the_controller(sandbox: Sandbox) -> None:
    run()
    assert live(sandbox) == []
    assert set(Permit.objects.values_list("state", flat=True)) == {Permit.State.DELETED}


def test_every_call_is_in_the_history_with_its_own_source(sandbox: Sandbox) -> None:
    made = run()
    asked = [each["operation"] for each in sandbox.requests()]
    attempts = SyncAttempt.objects.order_by("pk")
    assert [attempt.operation for attempt in attempts] == asked
    assert {attempt.source for attempt in attempts} == {Source.VALIDATION}
    assert not attempts.filter(outcome=SyncAttempt.Outcome.SENDING).exists()
    called = made.steps.exclude(attempt=None).values_list("attempt", flat=True)
    assert set(called) == set(attempts.values_list("pk", flat=True))


def test_its_permits_can_let_no_car_stand(sandbox: Sandbox) -> None:
    run()
    for permit in Permit.objects.all():
        assert permit.plate.startswith("TEST-")
        assert permit.ticket_number == plan.TICKET
        assert permit.end_time - permit.start_time <= timedelta(minutes=2)
        assert permit.end_time < timezone.now() - timedelta(days=365)
        assert permit.zone is None


def test_the_token_is_nowhere(sandbox: Sandbox) -> None:
    made = run()
    assert TOKEN not in validation.text(made).lower()
    assert TOKEN not in all_rows()


def test_the_transcript_tells_what_was_sent_and_what_came_back(sandbox: Sandbox) -> None:
    text = validation.text(run())
    assert '"apiToken": "[token]"' in text
    assert '"apiToken": "this-is-not-the-token"' in text
    assert "POST http://127.0.0.1" in text
    assert "9006" in text
    assert text.count("< HTTP ") == len(sandbox.requests())


def test_a_wrong_token_that_is_refused_pauses_nothing(sandbox: Sandbox) -> None:
    run()
    assert not Link.current().is_paused


def test_broken_json_goes_out_without_the_token(sandbox: Sandbox) -> None:
    made = run()
    sent = made.steps.get(name="broken").sent_as
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(sent)
    assert "apiToken" not in sent


class Lax:
    """A controller that accepts whatever it is sent, and counts nothing."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.pushes = 0

    def act(self, conversation: Conversation) -> None:
        while conversation.is_wanted:
            head, _, body = conversation.read_request().partition(b"\r\n\r\n")
            operation = head.split(b" ")[1].rsplit(b"/", 1)[1].decode()
            if operation == "stats":
                conversation.say(http(b'{"data": []}'))
                continue
            if operation == "push":
                self.pushes += 1
                reference = f"lax-{self.pushes}"
                self.held.add(reference)
            else:
                reference = json.loads(body).get("reference_id", "lax-none")
            if operation == "delete":
                self.held.discard(reference)
            answer = {"status": "success", "reference_id": reference}
            conversation.say(http(json.dumps(answer).encode()))


def test_what_is_accepted_and_ought_not_to_be_is_said_and_deleted_at_once(
    settings: Settings,
) -> None:
    lax = Lax()
    with RawServer(lax.act) as server:
        settings.OPSCOM_URL = server.url
        made = run()
    refusals = [step.name for step in plan.STEPS if isinstance(step, plan.Bad)]
    assert {name: standings(made)[name] for name in refusals} == dict.fromkeys(
        refusals, Standing.FAILED
    )
    assert "accepted" in made.steps.get(name="no_plate").note
    assert lax.pushes > 5
    assert lax.held == set()
    assert standings(made)[plan.LEFT] == Standing.GOOD
    assert not made.has_passed


def test_a_push_whose_answer_is_lost_is_put_to_a_person(sandbox: Sandbox) -> None:
    sandbox.fault("close", operation="push")
    made = run()
    assert standings(made)["push"] == Standing.FAILED
    assert standings(made)["no_plate"] == Standing.NOT_TRIED
    permit = Permit.objects.get(state=Permit.State.IN_DOUBT)
    assert permit.withdrawn_at is not None
    assert str(permit.plate) in made.steps.get(name=plan.LEFT).note


def test_a_controller_that_is_away_ends_the_run(settings: Settings) -> None:
    settings.OPSCOM_URL = f"http://127.0.0.1:{free_port()}"
    made = run()
    assert standings(made)["stats"] == Standing.FAILED
    assert set(standings(made).values()) == {Standing.FAILED, Standing.NOT_TRIED, Standing.GOOD}
    assert not Permit.objects.exists()


class TestOneAtATime:
    def test_a_second_is_refused_while_one_is_under_way(self, sandbox: Sandbox) -> None:
        validation.ask(actor="root")
        with pytest.raises(validation.Refused):
            validation.ask(actor="root")

    def test_one_that_was_begun_is_not_begun_again(self, sandbox: Sandbox) -> None:
        made = validation.ask(actor="root")
        Validation.objects.update(begun_at=timezone.now(), lease_until=timezone.now())
        assert validation.run(made.pk) is None
        assert not SyncAttempt.objects.exists()

    def test_none_is_begun_while_calls_are_paused(self, sandbox: Sandbox) -> None:
        Link.objects.update_or_create(
            pk=Link.ONLY, defaults={"pause": "down", "paused_at": timezone.now()}
        )
        with pytest.raises(validation.Refused):
            validation.ask(actor="root")


DIE: Final = """
import os, signal, sys, django
django.setup()
from permits import validation
from permits.controller import Controller
apply, count = Controller.apply, [0]
def die(self, request, **more):
    count[0] += 1
    if sys.argv[1] == "before" and count[0] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    result = apply(self, request, **more)
    if sys.argv[1] == "after" and count[0] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return result
Controller.apply = die
validation.run(validation.ask(actor="root").pk)
"""


@pytest.mark.parametrize(
    ("when", "call"), [("before", 1), ("after", 1), ("before", 2), ("before", 11), ("after", 13)]
)
def test_a_run_that_is_killed_is_found_and_taken_back(
    database: str, sandbox: Sandbox, when: str, call: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DIE, when, str(call)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": database, "SANDBOX_URL": sandbox.url},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    held = live(sandbox)
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        tasks.sweep.call_local()
        sync.drain(go_on=lambda: True)
    made = Validation.objects.get()
    assert made.ended_at is not None
    assert not made.has_passed
    doubts = Permit.objects.filter(state=Permit.State.IN_DOUBT)
    # What the software can know is gone; a push whose answer was lost is put to a person.
    assert live(sandbox) == [plate for plate in held if doubts.filter(plate=plate).exists()]
    others = Permit.objects.exclude(pk__in=doubts)
    assert set(others.values_list("state", flat=True)) <= {Permit.State.DELETED}
    assert not Permit.objects.filter(withdrawn_at=None).exists()
