"""The logs: a line for each request and each call, under one ID, with no secret and no plate."""

import json
import re
from typing import Any

import pytest
import requests
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


def test_two_requests_have_two_ids(portal: Portal) -> None:
    clerk = portal.session(portal.staff.clerk)
    given = {"X-Request-ID": "a" * 16}
    ids = {
        clerk.get(f"{portal.url}/", timeout=30, headers=given).headers["X-Request-ID"]
        for _ in range(3)
    }
    assert len(ids) == 3
    assert "a" * 16 not in ids


def test_no_address_makes_up_a_line(portal: Portal) -> None:
    requests.get(f"{portal.url}/nowhere%0Aa-line-of-mine/", timeout=30)
    wait_until(lambda: "[info" in portal.words())
    assert not re.search("^a-line-of-mine", portal.words(), re.MULTILINE)


@pytest.mark.portal(LOG_FORMAT="json")
def test_a_push_from_a_page_is_one_request_and_one_call_under_one_id(
    portal: Portal, sandbox: Sandbox
) -> None:
    permit = enter(plate="HUSH 123")
    clerk = portal.session(portal.staff.clerk)
    path = f"/permits/permit/{permit.pk}/push/"
    answer = clerk.post(f"{portal.url}{path}?q=HUSH+123", allow_redirects=False, timeout=30)
    trace = answer.headers["X-Request-ID"]
    wait_until(lambda: of(portal.words(), "request", trace=trace))
    words = portal.words()
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


@pytest.mark.portal(LOG_FORMAT="json")
def test_every_line_is_an_object_with_a_time_and_a_level(portal: Portal) -> None:
    portal.session(portal.staff.clerk).get(f"{portal.url}/nowhere/", timeout=30)
    wait_until(lambda: of(portal.words(), "request", path="/nowhere/"))
    ours = [line for line in lines(portal.words()) if line["logger"].startswith("permits")]
    assert ours
    assert all({"timestamp", "level", "logger", "event"} <= line.keys() for line in ours)


@pytest.mark.portal(LOG_FORMAT="json")
def test_neither_a_plate_nor_a_secret_stands_in_the_logs(
    portal: Portal, worker: Worker, sandbox: Sandbox
) -> None:
    """From its start on, whatever is entered, sent, refused, left in doubt or not there."""
    portal.restart(LOG_FORMAT="json")
    clerk = portal.session(portal.staff.clerk)
    sandbox.fault("close")
    lost = enter(plate="HUSH 1")
    for permit in (lost, enter(plate="HUSH 2"), enter(plate="HUSH-3")):
        clerk.post(f"{portal.url}/permits/permit/{permit.pk}/push/", timeout=30)
    typed = {"plate": "HUSH 4", "start_time": "never", "_save": "1"}
    clerk.post(f"{portal.url}/permits/permit/add/", data=typed, timeout=30)
    for path in (
        *("/permits/permit/?q=HUSH+1", "/permits/permit/of-plate/?plate=HUSH+1"),
        *(f"/permits/permit/{lost.pk}/change/", "/nowhere/?plate=HUSH", "/permits/zone/99/"),
    ):
        clerk.get(portal.url + path, timeout=30)
    for password in (WRONG, PASSWORD):
        stranger = portal.session(portal.staff.clerk)
        stranger.cookies.pop(settings.SESSION_COOKIE_NAME)
        signing_in = {"username": "clerk", "password": password}
        stranger.post(f"{portal.url}/login/", signing_in, allow_redirects=False, timeout=30)
    wait_until(lambda: of(portal.words(), "request", path="/nowhere/"))
    wait_until(lambda: of(portal.words(), "request", path="/login/", status=302))
    wait_until(lambda: "Working with" in worker.words(), seconds=60)
    assert Permit.objects.get(pk=lost.pk).state == Permit.State.IN_DOUBT
    assert worker.stop() == 0
    words = portal.words() + worker.words()
    assert len(of(words, "call")) >= 3
    assert not re.search("HUSH", words)
    kept = (TOKEN, WRONG, PASSWORD, VARIABLES["SECRET_KEY"], VARIABLES["HISTORY_KEY"])
    assert not [secret for secret in kept if secret in words]


@pytest.mark.portal(LOG_FORMAT="json", LOG_LEVEL="error")
def test_only_what_is_as_bad_as_asked_for_is_said(portal: Portal) -> None:
    portal.session(portal.staff.clerk).get(f"{portal.url}/nowhere/", timeout=30)
    assert not of(portal.words(), "request")


def test_a_request_that_cannot_be_right_is_told_of_without_its_stack(portal: Portal) -> None:
    for host, query in (("evil.example", ""), ("localhost", "&" * 1_000)):
        answer = requests.get(f"{portal.url}/login/?{query}", headers={"Host": host}, timeout=30)
        assert answer.status_code == 400
    wait_until(lambda: portal.words().count("django.security.") == 2)
    assert "Traceback" not in portal.words()


@pytest.mark.portal(
    LOG_FORMAT="json", CSRF_TRUSTED_ORIGINS="https://localhost", TRUSTED_PROXIES="127.0.0.1"
)
def test_why_a_form_was_refused_is_told_without_the_address_it_came_from(
    portal: Portal,
) -> None:
    """Over HTTPS a refusal quotes what another site, or an unnamed host of ours, has sent along."""
    asked = [
        ("Referer", "https://evil.example/list/HUSH?q=HUSH 1", "https://evil.example"),
        ("Referer", "https://HUSH:1@evil.example/", "elsewhere"),
        ("Origin", "https://evil.example:444/?q=HUSH+1#HUSH", "https://evil.example:444"),
        ("Origin", "HUSH 1", "elsewhere"),
        ("Origin", "null", "null"),
    ]
    for header, address, named in asked:
        answer = requests.post(
            f"{portal.url}/login/",
            headers={"X-Forwarded-Proto": "https", header: address},
            timeout=30,
        )
        assert answer.status_code == 403
        why = f"{header} checking failed - {named} does not match any trusted origins."
        wait_until(lambda: of(portal.words(), "request", status=403))
        assert of(portal.words(), f"Error {answer.headers['X-Request-ID']}: {why}")
    assert "HUSH" not in portal.words()
