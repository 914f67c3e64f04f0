"""Calls that are claimed and wait for a connection: none begins that should not any more."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from permits import sync
from permits.models import Link, Permit
from permits.sync import link
from tests.engine.gate import Gate
from tests.engine.office import history, now, queued_for
from tests.processes import wait_until
from tests.raw_server import http

State = Permit.State
TOO_LATE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _one_connection(settings: Settings) -> None:
    settings.OPSCOM_CONNECTIONS = 1


@contextmanager
def waiting(permit: Permit) -> Iterator[None]:
    """The block runs while the permit's call is claimed and the only connection is taken."""

    thread = threading.Thread(target=_call, args=[permit.pk])
    with link.controller().slot():
        thread.start()
        wait_until(lambda: now(permit).state == State.SENDING)
        yield
    thread.join(timeout=20)
    assert not thread.is_alive(), "The call did not end."
    permit.refresh_from_db()


def test_it_is_made_once_the_connection_is_free(gate: Gate) -> None:
    permit = queued_for("push")
    with waiting(permit):
        assert gate.requests == []
    assert len(gate.requests) == 1
    assert permit.state == State.SYNCED


def test_a_refused_configuration_holds_it_back(gate: Gate) -> None:
    first, second = queued_for("push"), queued_for("push")
    gate.answer = http(json.dumps({"ErrorCode": 9002, "ErrorMessage": "no"}).encode())
    thread = threading.Thread(target=_call, args=[second.pk])
    with gate.sending(first):
        thread.start()
        wait_until(lambda: now(second).state == State.SENDING)
    thread.join(timeout=20)
    assert len(gate.requests) == 1
    assert Link.current().pause == Link.Pause.CONFIGURATION
    assert (now(second).state, second.tries) == (State.QUEUED, 0)
    assert history(second) == [("push", "not_sent")]


def test_the_end_of_the_worker_holds_it_back(gate: Gate) -> None:
    permit = queued_for("push")
    with waiting(permit):
        sync.hold_back()
    assert gate.requests == []
    assert (permit.state, permit.tries) == (State.QUEUED, 0)
    sync.send(permit.pk)
    assert now(permit).state == State.SYNCED


def test_nothing_begins_after_the_end_of_the_worker(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("permits.sync.link._holds.for_good", False)  # and again at the end
    permit = queued_for("push")
    looks = [True, False]

    def go_on() -> bool:  # the signal comes after a thread has seen that there was none
        sync.hold_back(for_good=True)
        return looks.pop(0)

    assert sync.drain(go_on=go_on) == {"not_sent": 1}
    assert gate.requests == []
    permit.refresh_from_db()
    assert (permit.state, permit.tries) == (State.QUEUED, 0)


def test_after_a_long_wait_its_lease_begins_anew(gate: Gate) -> None:
    permit = queued_for("push")
    with waiting(permit):
        before = permit.attempts.get().lease_until
        travel = time_machine.travel(timezone.now() + timedelta(seconds=4))
        travel.start()
    travel.stop()
    assert permit.attempts.get().lease_until >= before + timedelta(seconds=4)
    assert permit.state == State.SYNCED


def test_one_that_was_given_up_meanwhile_is_not_made(gate: Gate) -> None:
    permit = queued_for("push")
    with waiting(permit):
        travel = time_machine.travel(link.lease(timezone.now()) + TOO_LATE)
        travel.start()
        assert sync.recover() == 1
        assert now(permit).state == State.IN_DOUBT
    travel.stop()
    assert gate.requests == []
    assert permit.state == State.QUEUED


@pytest.mark.parametrize(("rate", "callers"), [(0, 2), (5, 1)])
def test_more_threads_than_connections_work_where_no_call_waits_for_its_turn(
    settings: Settings, rate: float, callers: int
) -> None:
    settings.OPSCOM_RATE_LIMIT = rate
    assert sync.callers() == callers


def _call(permit_id: int) -> None:
    try:
        sync.call_one(permit_id)
    finally:
        connection.close()
