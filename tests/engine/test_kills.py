"""SIGKILL at any instruction of a call: nothing is lost, and nothing is pushed twice."""

import signal

import pytest
from django.utils import timezone

from permits import sync
from permits.models import Permit, SyncAttempt
from permits.sync import link
from tests.engine.actors import actors
from tests.engine.office import ON_WIRE, history, now, queued_for
from tests.processes import wait_until
from tests.sandbox_server import Sandbox

State = Permit.State
OPERATIONS = ("push", "update", "delete")
POINTS = {
    "between claim and call": ("die-before-call", False),
    "during the call, which took no effect": ("send", False),
    "during the call, which took effect": ("send", True),
    "between call and record": ("die-before-record", True),
}
"""What the process does, and whether the controller has carried out its calls."""


def killed(database: str, sandbox: Sandbox, point: str) -> dict[str, Permit]:
    """Permits whose calls were under way in a process when it was killed, by operation."""
    command, applied = POINTS[point]
    permits = {operation: queued_for(operation) for operation in OPERATIONS}
    if command == "send":
        for operation in OPERATIONS:
            sandbox.fault("silence", operation=operation, applied=applied)
    before = len(sandbox.requests())
    run = (command, *(permit.pk for permit in permits.values()))
    with actors(database, sandbox, run) as (actor,):
        if command == "send":
            wait_until(lambda: len(sandbox.requests()) == before + 3)
            actor.process.kill()
        assert actor.end() == -signal.SIGKILL
    assert {now(permit).state for permit in permits.values()} == {State.SENDING}
    return permits


def time_passes() -> None:
    """Let the leases of all calls have run out, and all retries be due."""
    long_ago = timezone.now() - (link.lease(timezone.now()) - timezone.now())
    SyncAttempt.objects.filter(outcome="sending").update(lease_until=long_ago)


@pytest.mark.parametrize("point", POINTS)
def test_the_sweep_puts_everything_right_or_in_doubt(
    database: str, sandbox: Sandbox, point: str
) -> None:
    permits = killed(database, sandbox, point)
    assert sync.recover() == 0, "the calls may still be under way"
    time_passes()
    assert sync.recover() == 3

    assert {operation: now(permit).state for operation, permit in permits.items()} == {
        "push": State.IN_DOUBT,
        "update": State.QUEUED,
        "delete": State.QUEUED,
    }
    for operation, permit in permits.items():
        assert history(permit)[-1] == (operation, "in_doubt")

    applied = POINTS[point][1]
    Permit.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
    sync.drain(go_on=lambda: True)
    assert now(permits["push"]).state == State.IN_DOUBT
    assert now(permits["update"]).state == State.SYNCED
    assert now(permits["delete"]).state == State.DELETED
    assert permits["update"].acknowledged["end_time"] != ON_WIRE["end_time"]
    pushed = [each for each in sandbox.records("live") if each["reference"] not in known(permits)]
    assert len(pushed) == (1 if applied else 0)

    decide(permits["push"], pushed[0]["reference"] if applied else "")
    sync.drain(go_on=lambda: True)
    assert now(permits["push"]).state == State.SYNCED
    live = {each["reference"] for each in sandbox.records("live")}
    assert live == {permits["push"].reference_id, permits["update"].reference_id}


def known(permits: dict[str, Permit]) -> set[str]:
    """The references that our rows hold."""
    return {permit.reference_id for permit in permits.values()}


def decide(permit: Permit, reference: str) -> None:
    """Say what became of the push, as one who has looked."""
    if reference:
        sync.resolve_there(permit.pk, reference_id=reference, reason="Seen", actor="supervisor")
    else:
        sync.resolve_not_there(permit.pk, reason="Not seen", actor="supervisor")
