"""A seeded history: what staff entered, what was called, what went wrong, what people decided."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import time_machine
from django.conf import settings

from permits import limits
from permits.controller import Request
from permits.models import Decision, Permit, Pull, SyncAttempt, Zone, ZoneBelief
from permits.models.attempt import called_controller
from permits.sync.belief import beliefs

START: Final = datetime(2030, 1, 7, tzinfo=UTC)
EVERY: Final = timedelta(minutes=15)
AMBIGUOUS: Final = 0.01  # of the calls
ARRIVES: Final = 0.5  # of the pushes in doubt
LATE: Final = 0.1  # of those that arrive do so up to four minutes later
OFF: Final = 0.1  # of the permits are withdrawn at some time
DECIDED: Final = 0.5  # of the pushes in doubt are decided within a day
MISTAKEN: Final = 0.05  # of the decisions are wrong
AT_THE_PULL: Final = 0.02  # of the calls are under way just while the zones are counted
PULL_TAKES: Final = timedelta(seconds=2)
HOURS: Final = (1, 2, 4, 8, 24, 24 * 7)


@dataclass
class Record:
    """One record as the controller really holds it."""

    zone: str
    born: datetime
    end: datetime
    gone: datetime | None = None
    lost: datetime | None = None  # in a world that loses some


@dataclass
class Past:
    """What happened, and what nobody but the simulation knows of it."""

    zones: int
    permits: int
    pulls: int
    seed: int
    ambiguous: float = AMBIGUOUS
    records: list[Record] = field(default_factory=list)
    arrived: dict[int, bool] = field(default_factory=dict)  # pushes in doubt, by attempt
    counted_at: dict[int, datetime] = field(default_factory=dict)  # pulls: the true moment

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.random = random.Random(self.seed)
        self.names = [f"Zone {number:02}" for number in range(self.zones)]
        self._rows = {
            zone.name: zone
            for zone in Zone.objects.bulk_create(Zone(name=name) for name in self.names)
        }
        self._standing: list[tuple[Permit, Record]] = []
        self._to_decide: list[tuple[datetime, SyncAttempt, Permit, Record | None]] = []
        self._repeats: list[tuple[Permit, Record]] = []
        self._number = 0

    def happen(self) -> None:
        """Let all of it happen, one interval after the other, with a pull at the end of each."""
        now = START
        for number in range(self.pulls):
            now += EVERY
            share = self.permits * (number + 1) // self.pulls - self._number
            with time_machine.travel(now + PULL_TAKES, tick=False):
                self._interval(now - EVERY, now, share)
                self._pull(now)

    def _interval(self, first: datetime, last: datetime, pushes: int) -> None:
        due = [each for each in self._to_decide if each[0] < last - timedelta(minutes=1)]
        self._to_decide = [each for each in self._to_decide if each not in due]
        permits = [self._permit(first, last) for _ in range(pushes)]
        Permit.objects.bulk_create(permit for permit, _ in permits)
        self._push([(permit, at) for permit, at in permits])
        self._take_off(first, last)
        for at, attempt, permit, record in due:
            self._decide(at, attempt, permit, record, last)

    def _permit(self, first: datetime, last: datetime) -> tuple[Permit, datetime]:
        self._number += 1
        at = self._moment(first, last)
        length = timedelta(hours=self.random.choice(HOURS), minutes=self.random.randrange(60))
        start = at.replace(microsecond=0)
        permit = Permit(
            plate=f"P {self.random.randrange(self.permits // 2)}",
            zone=self._rows[self.random.choice(self.names)],
            ticket_number=f"T-{self._number}",
            start_time=start,
            end_time=start + length,
            state=Permit.State.DRAFT,
        )
        return permit, at

    def _moment(self, first: datetime, last: datetime) -> datetime:
        """Some moment of the interval; now and then one just as the zones are counted."""
        if self.random.random() < AT_THE_PULL:
            return last + PULL_TAKES * self.random.random() - timedelta(seconds=0.5)
        return first + PULL_TAKES + (last - first - 2 * PULL_TAKES) * self.random.random()

    def _push(self, permits: list[tuple[Permit, datetime]]) -> None:
        attempts, told = [], []
        for permit, at in permits:
            doubtful = self.random.random() < self.ambiguous
            arrives = not doubtful or self.random.random() < ARRIVES
            took = timedelta(seconds=self.random.uniform(0.05, 1.5))
            sent = permit.texts()
            attempt = self._attempt(permit, "push", at, took, doubtful=doubtful)
            attempt.request = dict(Request.push(sent, settings.OPSCOM_TIME_ZONE).body)
            record = None
            if arrives:
                late = doubtful and self.random.random() < LATE
                delay = timedelta(minutes=4 * self.random.random()) if late else took / 2
                zone = sent["zone"]
                record = Record(zone, at + delay, permit.end_time)
                self.records.append(record)
            permit.state = Permit.State.IN_DOUBT
            if not doubtful and record:
                self._acknowledge(permit, sent)
                self._standing.append((permit, record))
            attempts.append(attempt)
            told.append((permit, record, doubtful))
        SyncAttempt.objects.bulk_create(attempts)
        changed = ("state", "reference_id", "acknowledged", "withdrawn_at")
        Permit.objects.bulk_update([permit for permit, _ in permits], changed, batch_size=500)
        for attempt, (permit, record, doubtful) in zip(attempts, told, strict=True):
            if doubtful:
                self.arrived[attempt.pk] = record is not None
                if self.random.random() < DECIDED:
                    wait = timedelta(minutes=self.random.uniform(5, 24 * 60))
                    self._to_decide.append((attempt.started_at + wait, attempt, permit, record))

    def _acknowledge(self, permit: Permit, sent: dict[str, str]) -> None:
        permit.state = Permit.State.SYNCED
        permit.reference_id = f"R-{self._number}-{permit.pk}"
        permit.acknowledged = sent

    def _attempt(
        self, permit: Permit, operation: str, at: datetime, took: timedelta, *, doubtful: bool
    ) -> SyncAttempt:
        return SyncAttempt(
            permit=permit,
            zone=permit.zone,
            controller=called_controller(),
            operation=operation,
            outcome="in_doubt" if doubtful else "succeeded",
            source="form",
            started_at=at,
            lease_until=at + timedelta(seconds=25),
            finished_at=at + took,
        )

    def _take_off(self, first: datetime, last: datetime) -> None:
        """Delete some that stand there; where the outcome is unknown, repeat it next time."""
        due, self._repeats = self._repeats, []
        for _ in range(int(OFF * len(self._standing) / self.pulls * 2)):
            place = self.random.randrange(len(self._standing))
            self._standing[place], self._standing[-1] = self._standing[-1], self._standing[place]
            due.append(self._standing.pop())
        attempts = []
        for permit, record in due:
            at = self._moment(first, last)
            doubtful = self.random.random() < self.ambiguous
            took = timedelta(seconds=self.random.uniform(0.05, 1.5))
            attempt = self._attempt(permit, "delete", at, took, doubtful=doubtful)
            attempt.request = {"reference_id": permit.reference_id}
            attempts.append(attempt)
            if record.gone is None and (not doubtful or self.random.random() < ARRIVES):
                record.gone = max(at + took / 2, record.born)
            permit.withdrawn_at = permit.withdrawn_at or at
            if doubtful:
                unknown: dict[str, Any] = dict.fromkeys(limits.CHANGEABLE)
                permit.acknowledged = permit.acknowledged | unknown
                permit.state = Permit.State.QUEUED
                self._repeats.append((permit, record))
            else:
                permit.acknowledged, permit.state = {}, Permit.State.DELETED
        SyncAttempt.objects.bulk_create(attempts)
        changed = ("state", "acknowledged", "withdrawn_at")
        Permit.objects.bulk_update([permit for permit, _ in due], changed, batch_size=500)

    def _decide(
        self,
        at: datetime,
        attempt: SyncAttempt,
        permit: Permit,
        record: Record | None,
        last: datetime,
    ) -> None:
        """Decide as a person would, who is now and then mistaken."""
        there = (record is not None) != (self.random.random() < MISTAKEN)
        Decision.objects.create(
            permit=permit,
            attempt=attempt,
            verdict="there" if there else "not_there",
            reference_id=f"D-{attempt.pk}" if there else "",
            reason="Looked.",
            decided_at=at,
        )
        if there:
            permit.reference_id = f"D-{attempt.pk}"
            permit.acknowledged, permit.state = permit.texts(), Permit.State.SYNCED
        elif record is None:
            self._push([(permit, self._moment(max(at, last - EVERY), last))])
            return
        else:  # it is pushed again, and refused: such a record exists
            again = self._attempt(permit, "push", at, timedelta(seconds=1), doubtful=False)
            again.outcome, again.error_code = "rejected", 9022
            again.request = attempt.request
            again.save()
            permit.state = Permit.State.REJECTED
        permit.save(update_fields=["state", "reference_id", "acknowledged"])

    def _pull(self, now: datetime) -> None:
        """Keep what is believed; what each world counts at that moment is put in later."""
        pull = Pull.objects.create(began_at=now, ended_at=now + PULL_TAKES, grain="each")
        known = beliefs(now)
        for belief in known:
            belief.pull = pull
        ZoneBelief.objects.bulk_create(known)
        self.counted_at[pull.pk] = now + PULL_TAKES / 2 * self.random.random()
