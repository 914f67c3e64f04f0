"""Zone by zone: what we believe the controller holds, what it reports, and what explains both."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits.models import Drift, Pull, SyncAttempt, ZoneCount
from permits.reconcile.drift import gap
from permits.reconcile.readings import Reading, reading
from permits.reconcile.sides import Both, sides


@dataclass(frozen=True)
class Standing:
    """One zone as of the last pull."""

    zone: str
    both: Both
    types: tuple[ZoneCount, ...]
    low: int  # the band of what may stand there, under what the totals are taken to include
    high: int
    gap: int  # beyond the band
    drift: Drift | None  # while it is out of step
    lasts: bool  # for longer than DRIFT_AFTER
    renamed: str  # another zone that may be the same one under its new name

    @property
    def total(self) -> int | None:
        """What the controller counts; None where it does not name the zone."""
        return self.both.all.total

    @property
    def doubts(self) -> int:
        """Pushes in doubt."""
        return len(self.both.all.doubts)

    @property
    def is_ours_alone(self) -> bool:
        """Whether we hold permits there and the controller does not name the zone."""
        return self.total is None

    @property
    def is_theirs_alone(self) -> bool:
        """Whether the controller counts permits there and we know of none."""
        return bool(self.total) and not self.both.all.high

    @property
    def more(self) -> int:
        """How many more they count than we can explain, where that is no gap: others' records."""
        return max((self.total or 0) - self.high, 0)

    @property
    def why(self) -> str:
        """Say in a sentence how both sides compare."""
        return _why(self)


@dataclass(frozen=True)
class Board:
    """All zones as of the last pull, the ones out of step first."""

    pull: Pull | None
    reading: Reading
    standings: tuple[Standing, ...]
    after: timedelta  # how long a zone may be out of step before it is flagged

    @property
    def out_of_step(self) -> int:
        """How many zones are out of step."""
        return sum(bool(standing.gap) for standing in self.standings)


def board(now: datetime | None = None) -> Board:
    """Return the board as of the last pull."""
    now = now or timezone.now()
    told, pull = reading(), Pull.objects.here().first()
    after = timedelta(seconds=settings.DRIFT_AFTER)
    if pull is None:
        return Board(None, told, (), after)
    zones = sides(pull)
    gaps = {zone: gap(both, told) for zone, both in zones.items()}
    drifts = {drift.zone: drift for drift in Drift.objects.open()}
    types: dict[str, list[ZoneCount]] = {}
    for count in pull.counts.order_by("type"):
        types.setdefault(count.zone, []).append(count)
    standings = []
    for zone, both in zones.items():
        under = both.under(told.expired.holds)
        drift = drifts.get(zone) if gaps[zone] else None
        standings.append(
            Standing(
                zone=zone,
                both=both,
                types=tuple(types.get(zone, ())),
                low=min(side.low for side in under),
                high=max(side.high for side in under),
                gap=gaps[zone],
                drift=drift,
                lasts=bool(drift and drift.lasts(now)),
                renamed=_renamed(zone, zones),
            )
        )
    standings.sort(key=lambda each: (not each.lasts, not each.gap, each.zone))
    return Board(pull, told, tuple(standings), after)


def calls_within(drift: Drift, zone: str) -> "QuerySet[SyncAttempt]":
    """Return the calls that may have put a zone out of step: from the last pull in step on."""
    first = drift.in_step_at or drift.since - timedelta(days=1)
    calls = SyncAttempt.objects.filter(started_at__gte=first, started_at__lte=drift.since)
    named = calls.filter(zone__name=zone) | calls.filter(request__zone=zone)
    return named.select_related("permit").defer("response", "request")


def _renamed(zone: str, zones: dict[str, Both]) -> str:
    """Return the one zone that counts as many permits as we hold in this one, which is not named.

    A zone that is still named was not renamed, even where nothing is counted in it.
    """
    here = zones[zone].all
    if here.total is not None or not here.held:
        return ""
    same = [
        name
        for name, both in zones.items()
        if name != zone and both.all.held == 0 and both.all.total == here.held
    ]
    return same[0] if len(same) == 1 else ""


def _why(standing: Standing) -> str:
    count = abs(standing.gap)
    if standing.renamed and standing.gap:
        return _(
            "The controller does not name the zone, and counts as many in %(zone)s, where we hold "
            "none: perhaps it was renamed."
        ) % {"zone": standing.renamed}
    if standing.is_ours_alone and standing.gap:
        return _("We hold permits here, and the controller does not name the zone.")
    if standing.is_theirs_alone and standing.gap:
        return _("The controller counts permits here, and we know of none.")
    if standing.gap > 0:
        return ngettext(
            "The controller counts %(count)d record that nothing of ours explains.",
            "The controller counts %(count)d records that nothing of ours explains.",
            count,
        ) % {"count": count}
    if standing.gap < 0:
        return ngettext(
            "%(count)d record that should stand there is not counted.",
            "%(count)d records that should stand there are not counted.",
            count,
        ) % {"count": count}
    if standing.more:
        return ngettext(
            "It fits; %(count)d more record is another sender's, or older than the portal.",
            "It fits; %(count)d more records are other senders', or older than the portal.",
            standing.more,
        ) % {"count": standing.more}
    if standing.low != standing.high:
        return _("It fits, within what is uncertain.")
    return _("It fits.")
