"""The diagram of a permit's states, held against what the code does in each of them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from permits import sync
from permits.admin import saving
from permits.controller import (
    ALREADY_EXISTS,
    Acknowledgement,
    Answer,
    Busy,
    ConfigurationRefused,
    ControllerError,
    OutcomeUnknown,
    PermitRefused,
    RecordNotFound,
)
from permits.models import Batch, Permit, Zone
from permits.sync import link
from permits.sync.claims import Claim, claim
from permits.sync.outcomes import record
from tests.engine.office import ACTOR, END, LATER, ask, edit, enter, withdraw
from tests.environment import ROOT

State = Permit.State
PAGE: Final = (ROOT / "docs" / "architecture.md").read_text()
DIAGRAM: Final = PAGE.partition("stateDiagram-v2\n")[2].partition("```")[0]
DRAWN: Final = re.findall(r"^    (\w+) --> (\w+): .+$", DIAGRAM, re.MULTILINE)
REFERENCE: Final = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
TWICE: Final = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
"""A moment that Toronto's clocks show twice, which no controller there can be told."""


@dataclass
class Case:
    """A permit, and the call that was made for it last."""

    permit: Permit
    call: Claim | None = None

    def begin(self) -> "Case":
        """Ask for what is to be sent, where nobody has, and begin the call."""
        self.permit.refresh_from_db()
        if self.permit.state != State.QUEUED:
            ask(self.permit)
        self.call = claim(self.permit.pk)
        assert self.call is not None
        return self

    def end(self, result: Acknowledgement | ControllerError) -> "Case":
        """Record what came of the call."""
        assert self.call is not None
        record(self.permit.pk, self.call.attempt, self.call.request, result)
        self.permit.refresh_from_db()
        return self

    def edit(self, **changes: object) -> "Case":
        """Edit it on its page."""
        self.permit.refresh_from_db()
        if not saving.frozen(self.permit):
            for name, value in changes.items():
                setattr(self.permit, name, value)
            saving.write_edit(self.permit)
        return self

    def withdraw(self) -> "Case":
        """Take it off the controller."""
        withdraw(self.permit, "No longer wanted.")
        return self

    def from_outside(self, **changes: object) -> "Case":
        """Have a tool set its state to queued."""
        a_moment_ago = timezone.now() - timedelta(seconds=1)
        changes = {**changes, "state": State.QUEUED, "due_at": a_moment_ago}
        Permit.objects.filter(pk=self.permit.pk).update(**changes)
        return self

    def meanwhile(self, **changes: object) -> "Case":
        """Have another tool edit it while the call is under way."""
        edit(self.permit, **changes)
        return self


def acknowledged() -> Acknowledgement:
    return Acknowledgement(Answer(status=200), REFERENCE, "")


def refused(code: int = 9005) -> PermitRefused:
    return PermitRefused("It is refused.", answer=Answer(status=200), code=code)


def unknown() -> OutcomeUnknown:
    return OutcomeUnknown("The answer was lost.", answer=Answer())


def draft() -> Case:
    return Case(enter())


def pushed() -> Case:
    return draft().begin().end(acknowledged())


def doubtful() -> Case:
    return draft().begin().end(unknown())


def elsewhere() -> Case:
    """A permit that is to be in a zone of which the controller cannot be told."""
    return pushed().edit(zone=Zone.objects.create(name="Lot 5"))


def in_a_run() -> Case:
    case = draft()
    sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor=ACTOR)
    return case


BEGINNINGS: Final[list[Callable[[], Case]]] = [
    draft,
    pushed,
    doubtful,
    lambda: pushed().edit(end_time=LATER),
    elsewhere,
    in_a_run,
    # queued
    lambda: draft().from_outside(),
    lambda: pushed().from_outside(),
    lambda: pushed().edit(end_time=LATER).from_outside(),
    lambda: elsewhere().from_outside(),
    lambda: pushed().withdraw(),
    lambda: pushed().edit(end_time=LATER).withdraw(),
    lambda: elsewhere().withdraw(),
    lambda: pushed().withdraw().begin().end(acknowledged()).from_outside(),
    lambda: doubtful().from_outside(),
    lambda: draft().from_outside(start_time=TWICE),
    # sending
    lambda: draft().begin(),
    lambda: draft().begin().withdraw(),
    lambda: draft().begin().meanwhile(end_time=LATER),
    lambda: pushed().edit(end_time=LATER).begin(),
    lambda: pushed().edit(end_time=LATER).begin().withdraw(),
    lambda: pushed().withdraw().begin(),
    # refused, missing, deleted, in doubt
    lambda: draft().begin().end(refused()),
    lambda: draft().begin().end(refused(ALREADY_EXISTS)),
    lambda: pushed().edit(end_time=LATER).begin().end(refused()),
    lambda: pushed().withdraw().begin().end(refused()),
    lambda: pushed().edit(end_time=LATER).withdraw().begin().end(refused()),
    lambda: elsewhere().withdraw().begin().end(refused()),
    lambda: pushed().edit(end_time=LATER).begin().end(_lost()),
    lambda: pushed().withdraw().begin().end(acknowledged()),
    lambda: doubtful().withdraw(),
    lambda: doubtful().edit(end_time=LATER),
]


def _lost() -> RecordNotFound:
    return RecordNotFound("No such record.", answer=Answer(status=200), code=9009)


def ends(result: Callable[[], Acknowledgement | ControllerError]) -> Callable[[Case], object]:
    """The call's end; an answer that comes late as well, where the call was given up."""

    def end(case: Case) -> None:
        told = result()
        cannot_be = case.call and case.call.request.path == "push"
        if case.call and not (cannot_be and isinstance(told, RecordNotFound)):
            case.end(told)

    return end


def cut_off(case: Case) -> None:
    with time_machine.travel(link.lease(timezone.now()) + timedelta(seconds=1), tick=False):
        sync.recover()


WHY: Final = "Somebody looked on the controller."
STEPS: Final[list[Callable[[Case], object]]] = [
    lambda case: ask(case.permit),
    lambda case: case.withdraw(),
    lambda case: sync.keep(case.permit.pk, reason=WHY, actor=ACTOR),
    lambda case: sync.push_anew(case.permit.pk, reason=WHY, actor=ACTOR),
    lambda case: sync.resolve_not_there(case.permit.pk, reason=WHY, actor=ACTOR),
    lambda case: sync.resolve_there(
        case.permit.pk, reference_id=REFERENCE, reason=WHY, actor=ACTOR
    ),
    lambda case: case.edit(end_time=LATER),
    lambda case: case.edit(end_time=END, zone=Zone.objects.get(name="Lot 4")),
    lambda case: claim(case.permit.pk),
    ends(acknowledged),
    ends(refused),
    ends(_lost),
    ends(unknown),
    ends(lambda: Busy("Come back later.", answer=Answer(status=503))),
    ends(lambda: ConfigurationRefused("The token is wrong.", answer=Answer(status=401))),
    cut_off,
    lambda _: sync.after_restore(taken=timezone.now(), actor=ACTOR),
]


@contextmanager
def undone() -> Iterator[None]:
    """Take back what the block has written."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_permit_moves_as_it_is_drawn_and_no_other_way(settings: Settings) -> None:
    settings.OPSCOM_TIME_ZONE = ZoneInfo("America/Toronto")
    moved: set[tuple[str, str]] = set()
    for beginning in BEGINNINGS:
        with undone():
            case = beginning()
            case.permit.refresh_from_db()
            before = case.permit.state
            for step in STEPS:
                with undone():
                    with suppress(sync.Refused):
                        step(case)
                    after = Permit.objects.filter(pk=case.permit.pk)
                    moved |= {(before, state) for state in after.values_list("state", flat=True)}
                case.permit.refresh_from_db()
    moved = {(before, after) for before, after in moved if before != after}
    assert sorted(moved - set(DRAWN)) == [], "not drawn"
    assert sorted(set(DRAWN) - moved) == [], "drawn, and never seen"


def test_every_state_is_drawn_under_the_name_that_pages_give_it() -> None:
    named = re.findall(r'^    state "(.+)" as (\w+)$', DIAGRAM, re.MULTILINE)
    assert [(str(label), state) for state, label in State.choices] == named
