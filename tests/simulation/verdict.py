"""The evidence of every push in doubt, held against what really happened."""

from collections import Counter
from dataclasses import dataclass

from django.conf import settings

from permits import reconcile
from permits.models import SyncAttempt
from tests.simulation.past import Past
from tests.simulation.worlds import World


@dataclass(frozen=True)
class Verdict:
    """How often the evidence pointed where, in one world under one pair of settings."""

    world: World
    stated: str
    right: int
    wrong: int
    nowhere: int

    def __str__(self) -> str:
        return (
            f"{self.world!s:52} {self.stated:14} "
            f"{self.right:6} right {self.wrong:6} wrong {self.nowhere:6} nowhere"
        )


def judge(past: Past, world: World, *, honest: bool = True) -> list[Verdict]:
    """Let the world count, and ask for the evidence: with the readings stated, and without.

    A dishonest statement says of the world that ours alone are counted, though others' are too.
    """
    world.count(past)
    while reconcile.catch_up():
        pass
    stated = (world.foreign and honest, world.expired)
    pairs = {"stated": stated, "to be told": (None, None)} if honest else {"wrongly stated": stated}
    return [_ask(past, world, words, *pair) for words, pair in pairs.items()]


def _ask(
    past: Past, world: World, words: str, others: bool | None, expired: bool | None
) -> Verdict:
    settings.OPSCOM_TOTALS_OTHERS, settings.OPSCOM_TOTALS_EXPIRED = others, expired
    found: Counter[str] = Counter()
    for attempt in SyncAttempt.objects.filter(pk__in=past.arrived).iterator():
        points = reconcile.evidence(attempt).points
        if points == reconcile.Points.CANNOT_TELL:
            found["nowhere"] += 1
        else:
            right = (points == reconcile.Points.ARRIVED) == past.arrived[attempt.pk]
            found["right" if right else "wrong"] += 1
    return Verdict(world, words, found["right"], found["wrong"], found["nowhere"])
