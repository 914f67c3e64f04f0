"""A replacement that a kill cuts off: never are both gone, and it ends as one permit."""

import signal
from typing import Final

import pytest
from django.utils import timezone

from permits import sync
from permits.models import Permit
from tests.engine.actors import actors
from tests.engine.office import now, push
from tests.engine.test_kills import decide, time_passes
from tests.processes import wait_until
from tests.sandbox_server import Sandbox

State = Permit.State
# What there is on the controller right after the kill, the old one first, and whether the new one
# was entered.
POINTS: Final = {
    "before the entry is committed": (1, False),
    "before the push is claimed": (1, True),
    "before the push": (1, True),
    "before the push is recorded": (2, True),
    "before the record is committed": (2, True),
    "before the delete is claimed": (2, True),
    "before the delete": (2, True),
    "before the delete is recorded": (1, True),
}


def finish(old: Permit, sandbox: Sandbox) -> None:
    """Do what the sweep does, and what a person is asked to; one permit must always be there."""
    for _ in range(4):
        time_passes()
        sync.recover()
        Permit.objects.filter(state=State.QUEUED).update(due_at=timezone.now())
        sync.drain(go_on=lambda: True)
        assert sandbox.records("live"), "Both are gone."
        for permit in Permit.objects.filter(state=State.IN_DOUBT):
            assert now(old).withdrawn_at is None, "It is not known yet whether the new one is there"
            found = [each["reference"] for each in sandbox.records("live")]
            decide(permit, next((each for each in found if each != old.reference_id), ""))


@pytest.mark.parametrize("point", POINTS)
def test_killed(database: str, sandbox: Sandbox, point: str) -> None:
    old = push()
    with actors(database, sandbox, ("replace", old.pk, point)) as (actor,):
        assert actor.end() == -signal.SIGKILL

    there, entered = POINTS[point]
    assert len(sandbox.records("live")) == there
    assert Permit.objects.filter(replaces=old).count() == entered
    finish(old, sandbox)
    assert_replaced(old, sandbox) if entered else assert_untouched(old, sandbox)


@pytest.mark.parametrize("applied", [True, False], ids=["took effect", "took none"])
@pytest.mark.parametrize("operation", ["push", "delete"])
def test_killed_while_the_controller_is_silent(
    database: str, sandbox: Sandbox, operation: str, applied: bool
) -> None:
    old = push()
    sandbox.fault("silence", operation=operation, applied=applied)
    calls = len(sandbox.requests(operation))
    with actors(database, sandbox, ("replace", old.pk, "on the way")) as (actor,):
        wait_until(lambda: len(sandbox.requests(operation)) > calls)
        actor.process.kill()
        actor.end()
    finish(old, sandbox)
    assert_replaced(old, sandbox)


def assert_replaced(old: Permit, sandbox: Sandbox) -> None:
    """The new one is there alone, each was pushed once, and both rows say so."""
    new = Permit.objects.get(replaces=old)
    assert (now(old).state, new.state) == (State.DELETED, State.SYNCED)
    (record,) = sandbox.records("live")
    assert record["reference"] == new.reference_id
    assert len(sandbox.records()) == 2
    assert old.decisions.get().reason == f"Replaced by {new.pk}."


def assert_untouched(old: Permit, sandbox: Sandbox) -> None:
    """The old one is there as ever."""
    assert now(old).state == State.SYNCED
    assert old.withdrawn_at is None
    assert len(sandbox.records()) == 1
