"""Many threads and processes at once make each call exactly once."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection

from permits import sync
from permits.models import Permit, Source, SyncAttempt
from permits.sync import link
from tests.engine.actors import actors
from tests.engine.office import ACTOR, enter, history, now, push, queued_for
from tests.processes import wait_until
from tests.sandbox_server import Sandbox

T = TypeVar("T")

State = Permit.State
OPERATIONS = ("push", "update", "delete")
DONE = {"push": State.SYNCED, "update": State.SYNCED, "delete": State.DELETED}


def with_threads(number: int, work: Callable[[], T]) -> list[T]:
    """Do the work in so many threads that all begin at the same moment; what each returned."""
    together = threading.Barrier(number)

    def run(_: int) -> T:
        try:
            together.wait(timeout=30)
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(run, range(number)))


class TestThreads:
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_twenty_that_send_one_permit_make_one_call(
        self, sandbox: Sandbox, operation: str
    ) -> None:
        permit = queued_for(operation)
        sandbox.settings(delay=0.1)
        attempts = with_threads(20, lambda: sync.send(permit.pk))
        assert len(sandbox.requests(operation)) == 1
        assert now(permit).state == DONE[operation]
        assert len(set(attempts) - {None}) == 1

    def test_twenty_that_ask_for_one_permit_and_send_it_make_one_call(
        self, sandbox: Sandbox
    ) -> None:
        permit = enter()

        def ask_and_send() -> SyncAttempt | None:
            try:
                sync.ask(permit.pk, actor=ACTOR, source=Source.FORM)
            except sync.Refused:
                return None
            return sync.send(permit.pk)

        with_threads(20, ask_and_send)
        assert len(sandbox.requests("push")) == 1
        assert history(permit) == [("push", "succeeded")]

    def test_twenty_that_drain_send_each_permit_once(self, sandbox: Sandbox) -> None:
        permits = [queued_for("push") for _ in range(40)]
        with_threads(20, lambda: sync.drain(go_on=lambda: True))
        assert len(sandbox.requests("push")) == 40
        assert {now(permit).state for permit in permits} == {State.SYNCED}
        assert len({permit.reference_id for permit in permits}) == 40

    def test_of_twenty_that_would_probe_one_does(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("error", code=9001)
        sync.send(permit.pk)
        won = with_threads(20, lambda: link.begin_probe(scheduled=False))
        assert Counter(won) == {True: 1, False: 19}


class TestProcesses:
    def test_four_that_send_one_permit_make_one_call(self, database: str, sandbox: Sandbox) -> None:
        permits = {operation: queued_for(operation) for operation in OPERATIONS}
        sandbox.settings(delay=0.2)
        command = ("send", *(permit.pk for permit in permits.values()))
        before = len(sandbox.requests())
        with actors(database, sandbox, *[command] * 4) as processes:
            assert [process.end() for process in processes] == [0] * 4
        assert len(sandbox.requests()) == before + 3
        assert {operation: now(permit).state for operation, permit in permits.items()} == DONE

    def test_four_that_drain_send_each_permit_once(self, database: str, sandbox: Sandbox) -> None:
        on_controller = [push(enter(plate=f"U {number}")) for number in range(20)]
        Permit.objects.update(plate="CHANGED", state=State.QUEUED)
        for number in range(40):
            permit = enter(plate=f"P {number}")
            Permit.objects.filter(pk=permit.pk).update(state=State.QUEUED)
        before = len(sandbox.requests())
        with actors(database, sandbox, *[("drain",)] * 4) as processes:
            assert [process.end() for process in processes] == [0] * 4
        calls = Counter(
            (request["operation"], request["reference"]) for request in sandbox.requests()[before:]
        )
        assert set(calls.values()) == {1}
        assert Counter(operation for operation, _ in calls) == {"push": 40, "update": 20}
        assert {reference for operation, reference in calls if operation == "update"} == {
            permit.reference_id for permit in on_controller
        }
        assert set(Permit.objects.values_list("state", flat=True)) == {State.SYNCED}

    def test_what_an_outside_tool_queues_during_its_call_is_not_called_twice(
        self, database: str, sandbox: Sandbox
    ) -> None:
        permit = queued_for("push")
        sandbox.settings(delay=1)
        with actors(database, sandbox, ("drain",)) as (process,):
            wait_until(lambda: sandbox.requests("push"))
            Permit.objects.filter(pk=permit.pk).update(state=State.QUEUED)
            assert sync.drain(go_on=lambda: True).total() == 0
            assert process.end() == 0
        assert len(sandbox.requests("push")) == 1
        assert now(permit).state == State.SYNCED
