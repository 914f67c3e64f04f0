"""The numbers for Prometheus: right whoever is asked, and for who bears the token alone."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families as families
from pytest_django import Settings

from permits import sync, tallying
from permits.models import Link, Permit, SyncAttempt, Worker
from tests.engine.office import ask, enter, make_call, push, send
from tests.environment import NOWHERE
from tests.portal import Portal
from tests.sandbox_server import Sandbox

TOKEN = "only-the-tests-measure-with-it"
PATH = "/metrics"
CALLS = "permitportal_calls_total"
TIMES = "permitportal_call_duration_seconds"


def read(text: str) -> dict[str, float]:
    """Each number by its name and, in brackets, what its labels say."""
    numbers = {}
    for family in families(text):
        for sample in family.samples:
            said = ",".join(sample.labels.values())
            numbers[f"{sample.name}({said})" if said else sample.name] = sample.value
    return numbers


def measure() -> dict[str, float]:
    """What a scrape finds."""
    answer: Any = Client().get(PATH, headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "no-store" in answer.headers["Cache-Control"]
    return read(answer.content.decode())


@pytest.fixture
def token(settings: Settings) -> str:
    """The token is set."""
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


class TestWhoMayRead:
    def test_without_a_token_set_there_is_no_such_page(self, settings: Settings) -> None:
        settings.METRICS_TOKEN = ""
        for given in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}"}):
            assert Client().get(PATH, headers=given).status_code == 404

    @pytest.mark.parametrize(
        "given",
        [
            {},
            {"Authorization": ""},
            {"Authorization": TOKEN},
            {"Authorization": "Bearer"},
            {"Authorization": f"Bearer {TOKEN[:-1]}"},
            {"Authorization": f"Bearer {TOKEN}x"},
            {"Authorization": f"Basic {TOKEN}"},
            {"Authorization": "Bearer \xe9\xff"},
        ],
    )
    @pytest.mark.usefixtures("token")
    def test_nobody_without_it(self, given: dict[str, str]) -> None:
        answer = Client().get(PATH, headers=given)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.content == b""

    @pytest.mark.usefixtures("token")
    def test_nothing_can_be_posted(self) -> None:
        assert Client().post(PATH).status_code == 405


@pytest.mark.usefixtures("database", "token")
class TestCalls:
    @pytest.fixture
    def _three_calls(self, database: str, sandbox: Sandbox) -> None:
        sandbox.settings(delay=0.01)  # none takes a millisecond, the shortest that is told apart
        push()
        permit = enter(plate="NO ANSWER")
        sandbox.fault("close")
        send(permit)
        refused = enter(plate="REFUSED")
        sandbox.fault("error", code=9015, message="no", status=422)
        send(refused)

    @pytest.fixture(params=["young", "tallied"])
    def _whoever_counts(self, request: pytest.FixtureRequest, _three_calls: None) -> Iterator[None]:
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            if request.param == "tallied":
                tallying.tally(go_on=lambda: True)
                assert SyncAttempt.objects.exists()
            yield

    @pytest.mark.usefixtures("_whoever_counts")
    def test_each_is_counted_once_by_operation_and_outcome(self) -> None:
        found = measure()
        assert found[f"{CALLS}(push,succeeded)"] == 1
        assert found[f"{CALLS}(push,in_doubt)"] == 1
        assert found[f"{CALLS}(push,rejected)"] == 1
        assert found[f"{CALLS}(update,succeeded)"] == 0
        assert sum(value for name, value in found.items() if name.startswith(CALLS)) == 3

    @pytest.mark.usefixtures("_whoever_counts")
    def test_the_times_of_those_with_an_answer_are_a_histogram(self) -> None:
        found = measure()
        answered = SyncAttempt.objects.exclude(http_status=None).count()
        steps = [value for name, value in found.items() if name.startswith(f"{TIMES}_bucket")]
        assert found[f"{TIMES}_count"] == found[f"{TIMES}_bucket(+Inf)"] == steps[-1] == answered
        assert steps == sorted(steps)
        assert found[f"{TIMES}_bucket(0.001)"] == 0

    def test_what_is_tallied_and_what_is_young_add_up(self, sandbox: Sandbox) -> None:
        push()
        with time_machine.travel(timezone.now() + timedelta(hours=2)):
            tallying.tally(go_on=lambda: True)
            push(enter(plate="LATER 1"))
            assert measure()[f"{CALLS}(push,succeeded)"] == 2


@pytest.mark.usefixtures("database", "token")
class TestStanding:
    def test_an_empty_portal_has_zeros(self) -> None:
        found = measure()
        names = ("queue_depth", "queue_age_seconds", "queue_stuck", "in_doubt", "workers")
        assert {found[f"permitportal_{name}"] for name in names} == {0}
        assert found["permitportal_paused(down)"] == found["permitportal_paused(config)"] == 0

    def test_the_queues_depth_and_age(self) -> None:
        for plate in ("ONE 1", "TWO 2"):
            ask(enter(plate=plate))
        Permit.objects.filter(plate="ONE 1").update(due_at=timezone.now() - timedelta(minutes=5))
        found = measure()
        assert found["permitportal_queue_depth"] == found["permitportal_permits(queued)"] == 2
        assert 300 <= found["permitportal_queue_age_seconds"] < 360

    def test_what_waits_for_later_is_not_overdue(self) -> None:
        ask(enter())
        Permit.objects.update(due_at=timezone.now() + timedelta(minutes=5))
        assert measure()["permitportal_queue_age_seconds"] == 0

    def test_what_is_in_doubt(self, sandbox: Sandbox) -> None:
        permit = enter()
        ask(permit)
        sandbox.fault("close")
        make_call(permit)
        assert measure()["permitportal_in_doubt"] == 1

    def test_that_calls_are_paused_and_why(self, settings: Settings) -> None:
        settings.OPSCOM_URL = NOWHERE
        for each in range(sync.link.FAILURES_BEFORE_PAUSE):
            permit = enter(plate=f"AWAY {each}")
            ask(permit)
            sync.call_one()
        assert Link.current().is_paused
        found = measure()
        assert (found["permitportal_paused(down)"], found["permitportal_paused(config)"]) == (1, 0)

    def test_a_worker_that_was_seen_lately(self) -> None:
        Worker.objects.see("here:1", connections=8)
        assert measure()["permitportal_workers"] == 1


@pytest.mark.portal(
    METRICS_TOKEN=TOKEN, CSRF_TRUSTED_ORIGINS="https://localhost", TRUSTED_PROXIES="127.0.0.1"
)
def test_it_is_read_beside_the_web_server_over_plain_http(portal: Portal, sandbox: Sandbox) -> None:
    push()
    answer = requests.get(
        portal.url + PATH,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
        allow_redirects=False,
    )
    assert answer.status_code == 200
    assert read(answer.text)[f"{CALLS}(push,succeeded)"] == 1
    assert requests.get(portal.url + PATH, timeout=10).status_code == 401
    assert TOKEN not in portal.words()
