"""Draining: whatever is due is sent, the longest due first, until nothing is left."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import sync
from permits.models import Link, Permit
from tests.engine.office import enter, make_call, now, queued_for
from tests.sandbox_server import Sandbox

State = Permit.State


def always() -> bool:
    """Go on."""
    return True


def test_everything_that_is_due_is_sent(sandbox: Sandbox) -> None:
    permits = [queued_for(operation) for operation in ("push", "update", "delete")] + [enter()]
    assert sync.drain(go_on=always) == {"succeeded": 3}
    assert [now(permit).state for permit in permits] == [
        State.SYNCED, State.SYNCED, State.DELETED, State.DRAFT,
    ]  # fmt: skip


def test_each_outcome_is_counted(sandbox: Sandbox) -> None:
    for _ in range(4):
        queued_for("push")
    sandbox.fault("error")
    sandbox.fault("status")
    sandbox.fault("close")
    assert sync.drain(go_on=always) == {
        "rejected": 1, "not_sent": 1, "in_doubt": 1, "succeeded": 1,
    }  # fmt: skip


@pytest.mark.usefixtures("clock")
def test_what_has_been_due_the_longest_goes_first(sandbox: Sandbox) -> None:
    plates = ["P 3", "P 1", "P 2"]
    for plate in plates:
        minutes = int(plate[-1])
        permit = enter(plate=plate)
        Permit.objects.filter(pk=permit.pk).update(
            state=State.QUEUED, due_at=timezone.now() - timedelta(minutes=10 - minutes)
        )
    sync.drain(go_on=always)
    sent = [request["fields"]["plate"] for request in sandbox.requests()]
    assert sent == ["P 1", "P 2", "P 3"]


def test_what_is_not_due_yet_is_left(sandbox: Sandbox, clock: Traveller) -> None:
    permit = queued_for("push")
    Permit.objects.update(due_at=timezone.now() + timedelta(seconds=1))
    assert sync.drain(go_on=always).total() == 0
    clock.shift(1)
    assert sync.drain(go_on=always).total() == 1
    assert now(permit).state == State.SYNCED


def test_it_ends_when_it_is_told_to_after_the_call_under_way(sandbox: Sandbox) -> None:
    for _ in range(3):
        queued_for("push")
    answers = iter([True, True, False])
    assert sync.drain(go_on=lambda: next(answers)).total() == 2
    assert Permit.objects.filter(state=State.QUEUED).count() == 1


def test_with_threads_it_makes_as_many_calls_at_once_as_are_allowed(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.OPSCOM_CONNECTIONS = 4
    for _ in range(8):
        queued_for("push")
    sandbox.settings(delay=0.3)
    begun = timezone.now()
    assert sync.drain_with_threads(go_on=always) == {"succeeded": 8}
    assert timezone.now() - begun >= timedelta(seconds=0.6)
    ports = {request["number"] for request in sandbox.requests()}
    assert len(ports) == 8


class TestTheNextLook:
    def test_where_nothing_waits_there_is_none(self) -> None:
        enter()
        assert sync.next_look() is None

    def test_it_is_when_the_first_permit_is_due(self, sandbox: Sandbox) -> None:
        first, second = queued_for("push"), queued_for("push")
        soon = timezone.now() + timedelta(minutes=1)
        Permit.objects.filter(pk=first.pk).update(due_at=soon)
        Permit.objects.filter(pk=second.pk).update(due_at=soon + timedelta(minutes=1))
        assert sync.next_look() == soon

    def test_a_permit_that_waits_for_a_person_is_not_looked_for(
        self, sandbox: Sandbox, settings: Settings
    ) -> None:
        settings.OPSCOM_RETRY_TRIES = 1
        permit = queued_for("push")
        sandbox.fault("status")
        make_call(permit)
        assert permit.is_stuck
        assert sync.next_look() is None

    def test_while_paused_it_is_when_to_probe(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("error", code=9001)
        make_call(permit)
        assert sync.next_look() == Link.current().probe_at
