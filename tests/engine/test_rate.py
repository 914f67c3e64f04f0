"""The rate limit holds for all threads together, and a person waits for nobody's bulk run."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from permits import sync
from permits.models import Permit, Source, SyncAttempt
from tests.engine.office import enter, queued_for, send
from tests.processes import wait_until
from tests.sandbox_server import Sandbox


def starts() -> list[datetime]:
    """When each call began, earliest first."""
    return sorted(SyncAttempt.objects.values_list("started_at", flat=True))


def test_no_call_of_many_threads_is_ahead_of_its_turn(sandbox: Sandbox, settings: Settings) -> None:
    settings.OPSCOM_RATE_LIMIT = 20
    for _ in range(16):
        queued_for("push")
    begun = timezone.now()
    assert sync.drain_with_threads(go_on=lambda: True) == {"succeeded": 16}
    for turn, started_at in enumerate(starts()):
        assert started_at >= begun + turn * timedelta(seconds=1 / 20)


def test_without_a_limit_none_waits(sandbox: Sandbox, settings: Settings) -> None:
    settings.OPSCOM_RATE_LIMIT = 0
    begun = timezone.now()
    for _ in range(5):
        send(enter())
    assert (timezone.now() - begun).total_seconds() < 5


def test_counts_wait_for_their_turn_too(sandbox: Sandbox, settings: Settings) -> None:
    settings.OPSCOM_RATE_LIMIT = 10
    begun = timezone.now()
    for _ in range(3):
        sync.pull_counts(actor="", source=Source.SHELL)
    for turn, started_at in enumerate(starts()):
        assert started_at >= begun + turn * timedelta(seconds=1 / 10)


def test_a_persons_call_passes_those_that_wait(sandbox: Sandbox, settings: Settings) -> None:
    settings.OPSCOM_RATE_LIMIT = 4
    settings.OPSCOM_CONNECTIONS = 4
    for _ in range(12):
        queued_for("push")
    urgent = enter(plate="URGENT")
    done = threading.Event()

    def drain() -> None:
        try:
            sync.drain(go_on=lambda: not done.is_set())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        drains = [threads.submit(drain) for _ in range(3)]
        wait_until(sandbox.requests)
        before = len(sandbox.requests())
        send(urgent)
        done.set()
    assert all(each.exception() is None for each in drains)
    plates = [request["fields"]["plate"] for request in sandbox.requests()]
    assert plates.index("URGENT") <= before + 3
    assert Permit.objects.filter(state="queued").exists()
