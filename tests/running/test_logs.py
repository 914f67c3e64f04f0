"""The logs: a line for each request and each call, under one ID, with no secret and no plate."""

import json
import re
from typing import Any

import pytest
from django.conf import settings

from permits.models import Permit, SyncAttempt
from tests.engine.office import enter
from tests.environment import VARIABLES
from tests.portal import Portal, Worker
from tests.processes import wait_until
from tests.sandbox_server import TOKEN, Sandbox
from tests.staff import PASSWORD

WRONG = "a-password-that-is-not-theirs"
Line = dict[str, Any]


def lines(words: str) -> list[Line]:
    """The lines that are JSON."""
    return [json.loads(line) for line in words.splitlines() if line.startswith("{")]


def of(words: str, event: str, **fields: object) -> list[Line]:
    """The lines that tell of this event and have these fields."""
    return [
        line for line in lines(words) if line["event"] == event and fields.items() <= line.items()
    ]


@pytest.fixture
def json_portal(portal: Portal) -> Portal:
    """A portal that logs for programs."""
    portal.restart(LOG_FORMAT="json")
    return portal


def test_a_push_from_a_page_is_one_request_and_one_call_under_one_id(
    json_portal: Portal, sandbox: Sandbox
) -> None:
    permit = enter(plate="HUSH 123")
    clerk = json_portal.session(json_portal.staff.clerk)
    path = f"/permits/permit/{permit.pk}/push/"
    answer = clerk.post(f"{json_portal.url}{path}?q=HUSH+123", allow_redirects=False, timeout=30)
    trace = answer.headers["X-Request-ID"]
    wait_until(lambda: of(json_portal.words(), "request", trace=trace))
    words = json_portal.words()
    (request,) = of(words, "request", trace=trace)
    (call,) = of(words, "call", trace=trace)
    attempt = SyncAttempt.objects.get(permit=permit)
    assert attempt.trace == trace
    assert request.items() >= {
        "method": "POST", "path": path, "status": 302, "user": "clerk", "level": "info",
    }.items()  # fmt: skip
    assert call.items() >= {
        "attempt": attempt.pk, "operation": "push", "outcome": "succeeded", "http_status": 200,
    }.items()  # fmt: skip
    assert isinstance(request["ms"], int)
    assert isinstance(call["ms"], int)
    assert not re.search(r"HUSH", words)
    assert TOKEN not in words


def test_every_line_is_an_object_with_a_time_and_a_level(json_portal: Portal) -> None:
    json_portal.session(json_portal.staff.clerk).get(f"{json_portal.url}/nowhere/", timeout=30)
    wait_until(lambda: of(json_portal.words(), "request", path="/nowhere/"))
    ours = [line for line in lines(json_portal.words()) if line["logger"].startswith("permits")]
    assert ours
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in ours)


def test_only_what_is_as_bad_as_asked_for_is_said(portal: Portal) -> None:
    portal.restart(LOG_FORMAT="json", LOG_LEVEL="error")
    portal.session(portal.staff.clerk).get(f"{portal.url}/nowhere/", timeout=30)
    assert not of(portal.words(), "request")


def test_two_requests_have_two_ids(portal: Portal) -> None:
    clerk = portal.session(portal.staff.clerk)
    given = {"X-Request-ID": "a" * 16}
    ids = {
        clerk.get(f"{portal.url}/", timeout=30, headers=given).headers["X-Request-ID"]
        for _ in range(3)
    }
    assert len(ids) == 3
    assert "a" * 16 not in ids


def test_neither_a_plate_nor_a_secret_stands_in_the_logs(
    json_portal: Portal, worker: Worker, sandbox: Sandbox
) -> None:
    """Whatever is looked for, entered, sent, refused, left in doubt or not there."""
    clerk = json_portal.session(json_portal.staff.clerk)
    sandbox.fault("close")
    lost = enter(plate="HUSH 1")
    for permit in (lost, enter(plate="HUSH 2"), enter(plate="HUSH-3")):
        clerk.post(f"{json_portal.url}/permits/permit/{permit.pk}/push/", timeout=30)
    typed = {"plate": "HUSH 4", "start_time": "never", "_save": "1"}
    clerk.post(f"{json_portal.url}/permits/permit/add/", data=typed, timeout=30)
    for path in (
        *("/permits/permit/?q=HUSH+1", "/permits/permit/of-plate/?plate=HUSH+1"),
        *(f"/permits/permit/{lost.pk}/change/", "/nowhere/?plate=HUSH", "/permits/zone/99/"),
    ):
        clerk.get(json_portal.url + path, timeout=30)
    for password in (WRONG, PASSWORD):
        stranger = json_portal.session(json_portal.staff.clerk)
        stranger.cookies.pop(settings.SESSION_COOKIE_NAME)
        signing_in = {"username": "clerk", "password": password}
        stranger.post(f"{json_portal.url}/login/", signing_in, allow_redirects=False, timeout=30)
    wait_until(lambda: of(json_portal.words(), "request", path="/nowhere/"))
    wait_until(lambda: of(json_portal.words(), "request", path="/login/", status=302))
    wait_until(lambda: "Working with" in worker.words(), seconds=60)
    assert Permit.objects.get(pk=lost.pk).state == Permit.State.IN_DOUBT
    assert worker.stop() == 0
    words = json_portal.words() + worker.words()
    assert len(of(words, "call")) >= 3
    assert not re.search("HUSH", words)
    kept = (TOKEN, WRONG, PASSWORD, VARIABLES["SECRET_KEY"], VARIABLES["HISTORY_KEY"])
    assert not [secret for secret in kept if secret in words]
