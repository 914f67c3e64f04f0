"""One zone in one pull: what the controller counted, and the band of what we know of."""

from dataclasses import dataclass, field

from django.db.models import Sum

from permits.models import Pull, ZoneBelief, ZoneCount


@dataclass(frozen=True)
class Side:
    """A zone at one moment, under one reading of whether ended permits are counted."""

    zone: str
    total: int | None = None  # as the controller counted; None where it did not name the zone
    held: int = 0  # as our records stood, without a doubt
    certain: int = 0
    unsure: int = 0
    doubts: frozenset[int] = field(default_factory=frozenset)  # attempts

    @property
    def low(self) -> int:
        """The fewest records of ours that may stand there."""
        return self.certain

    @property
    def high(self) -> int:
        """The most records of ours that may stand there."""
        return self.certain + self.unsure + len(self.doubts)

    @property
    def fits(self) -> bool:
        """Whether the count lies in the band."""
        return self.low <= (self.total or 0) <= self.high


@dataclass(frozen=True)
class Both:
    """The same zone at the same moment under both readings."""

    all: Side
    valid: Side

    def under(self, expired: bool | None) -> list[Side]:
        """The sides to look at: one where the reading is known, else both."""
        return {True: [self.all], False: [self.valid], None: [self.all, self.valid]}[expired]


def sides(pull: Pull) -> dict[str, Both]:
    """Return every zone of a pull that either side names."""
    counts = ZoneCount.objects.filter(pull=pull).order_by()
    totals = dict(counts.values_list("zone").annotate(Sum("total")))
    known = {belief.zone: belief for belief in ZoneBelief.objects.filter(pull=pull)}
    return {
        zone: _both(known.get(zone) or ZoneBelief(zone=zone), totals.get(zone))
        for zone in sorted(totals.keys() | known.keys())
    }


def unnamed(zone: str) -> Both:
    """Return a zone that neither side names."""
    return Both(Side(zone), Side(zone))


def _both(belief: ZoneBelief, total: int | None) -> Both:
    return Both(
        Side(
            belief.zone,
            total,
            belief.held,
            belief.certain,
            belief.unsure,
            frozenset(belief.doubts),
        ),
        Side(
            belief.zone,
            total,
            belief.held_valid,
            belief.certain_valid,
            belief.unsure_valid,
            frozenset(belief.doubts_valid),
        ),
    )
