"""What the controller really held, in worlds that differ in what nobody can ask it."""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from permits.models import Drift, Pull, ZoneBelief, ZoneCount
from tests.simulation.past import EVERY, HOURS, START, Past, Record

FOREIGN: Final = 1.0  # records that others push into a zone in an interval, on the average
SLOW: Final = timedelta(minutes=2)  # the controller's clock is so much behind
LOST: Final = 0.001  # of the records vanish, where they do


@dataclass(frozen=True)
class World:
    """One controller."""

    foreign: bool
    expired: bool  # whether it counts permits whose end has passed
    loses: bool = False

    def __str__(self) -> str:
        return ", ".join(
            [
                "others push too" if self.foreign else "ours alone",
                "ended ones counted" if self.expired else "ended ones left out",
                *(["loses some"] if self.loses else []),
            ]
        )

    def count(self, past: Past) -> None:
        """Write this world's counts into every pull, in place of another's."""
        ZoneCount.objects.all().delete()
        Drift.objects.all().delete()
        ZoneBelief.objects.update(strayed=None, strayed_valid=None)
        Pull.objects.update(judged_at=None)
        chance = random.Random(f"{past.seed} {self}")
        records = [*past.records, *(_others(past, chance) if self.foreign else ())]
        moves = sorted(move for record in records for move in self._moves(record, chance))
        held: Counter[str] = Counter()
        place, rows = 0, []
        for pull, moment in past.counted_at.items():
            while place < len(moves) and moves[place][0] <= moment:
                held[moves[place][1]] += moves[place][2]
                place += 1
            rows += [
                ZoneCount(pull_id=pull, zone=zone, type="standard", total=held[zone])
                for zone in past.names
            ]
        ZoneCount.objects.bulk_create(rows, batch_size=2000)

    def _moves(self, record: Record, chance: random.Random) -> list[tuple[datetime, str, int]]:
        """When the record enters its zone's count, and when it leaves it."""
        ends = [record.gone] if record.gone else []
        if not self.expired:
            ends.append(record.end + SLOW)
        if self.loses and chance.random() < LOST:
            ends.append(record.born + timedelta(hours=72 * chance.random()))
        leaves = min(ends, default=None)
        if leaves is None:
            return [(record.born, record.zone, 1)]
        if leaves <= record.born:
            return []
        return [(record.born, record.zone, 1), (leaves, record.zone, -1)]


def _others(past: Past, chance: random.Random) -> list[Record]:
    """The records of other senders; half of them are deleted again before their end."""
    span = EVERY * past.pulls
    found = []
    for zone in past.names:
        for _ in range(round(FOREIGN * past.pulls)):
            born = START + span * chance.random()
            end = born + timedelta(hours=chance.choice(HOURS))
            gone = born + (end - born) * chance.random() if chance.random() < 0.5 else None
            found.append(Record(zone, born, end, gone))
    return found
