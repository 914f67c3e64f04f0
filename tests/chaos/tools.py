"""Everything that is no browser: outside tools, imports, bulk runs, the shell."""

import random
import threading
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import OperationalError
from django.db.models import F
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from permits import sync, tasks
from permits.models import Batch, Permit, Source, Zone
from permits.models.permit import PermitQuerySet
from tests.chaos.diary import Diary
from tests.chaos.wishes import Wishes

State = Permit.State
Kind = Batch.Kind

ACTOR: Final = "a tool"
MAY_BE_SENT: Final = (
    *(State.QUEUED, State.SENDING),
    *(State.SYNCED, State.CHANGED, State.REJECTED),
)


class Tool:
    """One program that speaks to the portal's database or to its engine."""

    def __init__(self, name: str, diary: Diary, seed: int) -> None:
        self.name, self.diary = name, diary
        self.dice = random.Random(f"{seed} {name}")
        self.wishes = Wishes(f"C{seed}-{name}", self.dice)

    # --- Outside tools: the tables alone ----------------------------------------------------------

    def enter_many(self) -> int:
        """Write permits into the table; some are queued with them, some later, some by a run."""
        queued = self.dice.random() < 0.5
        zones = {zone.name: zone for zone in Zone.objects.all()}
        permits = [_permit(self.wishes.permit(), zones) for _ in range(self.dice.randrange(8, 24))]
        if queued:
            for permit in permits:
                permit.state = State.QUEUED
        Permit.objects.bulk_create(permits)
        for permit in permits:
            self.diary.note("saved", ticket=permit.ticket_number)
            if queued:
                self.diary.note("asked", ticket=permit.ticket_number)
        tasks.nudge(tasks.look)
        return len(permits)

    def queue_many(self) -> None:
        """Set permits to queued by a plain update, whatever their state."""
        chosen = self._neighbours()
        asked = list(chosen.filter(withdrawn_at=None).values_list("ticket_number", flat=True))
        self._update(chosen, state=State.QUEUED)
        for ticket in asked:
            self.diary.note("asked", ticket=ticket)

    def change_many(self) -> None:
        """Change the table under everybody: later ends, other amounts, and queued at once."""
        self._change(list(self._neighbours().values_list("pk", flat=True)))

    def change_under_way(self) -> None:
        """Change them at the very moment when a call is made for them."""
        under_way = Permit.objects.filter(state=State.SENDING).values_list("pk", flat=True)
        for _ in range(50):
            if chosen := list(under_way[:3]):
                self._change(chosen)
                return
            time.sleep(0.01)

    def _change(self, chosen: list[int]) -> None:
        permits = Permit.objects.filter(pk__in=chosen, withdrawn_at=None)
        self._update(
            permits.filter(state__in=MAY_BE_SENT),
            end_time=F("end_time") + timedelta(minutes=self.dice.randrange(1, 600)),
            amount=Decimal(self.dice.randrange(1, 9999)) / 100,
            state=State.QUEUED,
        )

    def _update(self, permits: PermitQuerySet, **values: Any) -> None:
        """Change them in one statement, again where PostgreSQL ended it and undid it all.

        It locks the rows as it comes to them, while whoever records the push of a replacement
        locks that one and then the replaced. Of two that wait crosswise PostgreSQL ends either; the
        portal insists as well.
        """
        while True:
            try:
                permits.update(**values)
            except OperationalError as error:
                if not isinstance(error.__cause__, DeadlockDetected):
                    raise
                self.diary.note("acted", name="meet_deadlock")
            else:
                return

    # --- Bulk runs --------------------------------------------------------------------------------

    def run(self) -> None:
        """Start a bulk run for many permits."""
        kind = self.dice.choices(
            [Kind.PUSH, Kind.UPDATE, Kind.DELETE, Kind.EXTEND, Kind.RETRY], weights=[6, 6, 1, 4, 4]
        )[0]
        size = 15 if kind == Kind.DELETE else 120
        by = timedelta(minutes=self.dice.randrange(5, 500)) if kind == Kind.EXTEND else None
        try:
            sync.start_batch(kind, self._neighbours(size), actor=ACTOR, extend_by=by)
        except sync.Refused:
            return
        tasks.nudge(tasks.look)

    def stop_or_resume(self) -> None:
        """Stop a run, or go on with one that was stopped."""
        batches = Batch.objects.filter(state__in=(Batch.State.RUNNING, Batch.State.STOPPED))
        if batch := batches.first():
            (sync.stop_batch if batch.state == Batch.State.RUNNING else sync.resume_batch)(batch)

    def retry(self) -> None:
        """Take up again what failed in the last run."""
        if batch := Batch.objects.filter(state=Batch.State.FINISHED).first():
            try:
                sync.retry_failed(batch, actor=ACTOR)
            except sync.Refused:
                return

    # --- The shell --------------------------------------------------------------------------------

    def send_one(self) -> None:
        """Ask for one permit and make its calls here, from two threads at once."""
        if (permit := self._neighbours(1).first()) is None:
            return
        try:
            sync.ask(permit.pk, actor=ACTOR, source=Source.SHELL)
        except sync.Refused:
            return
        self.diary.note("asked", ticket=permit.ticket_number)
        second = threading.Thread(target=self._send, args=[permit.pk])
        second.start()
        sync.send(permit.pk)
        second.join()

    def _send(self, permit_id: int) -> None:
        from django.db import connection

        try:
            sync.send(permit_id)
        finally:
            connection.close()

    def recover(self) -> None:
        """Look for calls that were cut off, as any sweep may at any time."""
        sync.recover()
        sync.end_unlisted()

    def _neighbours(self, size: int = 6) -> PermitQuerySet:
        """A few permits that were entered one after the other."""
        last = Permit.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        start = self.dice.randint(max(1, last - 400), max(1, last))
        return Permit.objects.filter(pk__gte=start - size, pk__lt=start)


def _permit(fields: dict[str, Any], zones: dict[str, Zone]) -> Permit:
    return Permit(
        **{
            **fields,
            "zone": zones.get(fields["zone"]),
            "amount": Decimal(fields["amount"]) if fields["amount"] else None,
            "entered_by": ACTOR,
            "entered_at": timezone.now(),
        }
    )
