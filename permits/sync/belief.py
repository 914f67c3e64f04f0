"""What the controller holds of ours while it counts: what is certain, and what is not.

The controller counts at some moment between the request and its answer. A record is certain here
only if no call for it was under way from before the request until after our own counting; so the
truth lies in the band whichever moment that was.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.utils import timezone

from permits import limits
from permits.controller import ALREADY_EXISTS, Request
from permits.models import (
    SETTLES,
    WAITS_AT_MOST,
    Operation,
    Permit,
    SyncAttempt,
    ZoneBelief,
)

CLOCKS_DIFFER: Final = timedelta(seconds=5)  # at most, those of our own machines

Outcome = SyncAttempt.Outcome
State = Permit.State

# Where a record can be whose update or delete is not known to have happened.
_MAY_BE_HALF_DONE = (State.QUEUED, State.SENDING, State.CHANGED, State.REJECTED)


@dataclass
class _Zone:
    held: int = 0
    held_valid: int = 0
    certain: int = 0
    certain_valid: int = 0
    ending: int = 0
    unsure: set[int] = field(default_factory=set)  # permits
    doubts: dict[int, str] = field(default_factory=dict)  # attempts, with the end that was sent


def beliefs(began: datetime) -> list[ZoneBelief]:
    """Return what we believe of each zone, for counts asked for at `began` and answered by now."""
    zones: dict[str, _Zone] = defaultdict(_Zone)
    under_way = _calls_since(began)
    half_done = Permit.objects.filter(state__in=_MAY_BE_HALF_DONE, acknowledged__plate=None)
    half_done = half_done.exclude(reference_id="")
    now = timezone.now()
    earliest, latest = _on_wire(began - SETTLES), _on_wire(now + SETTLES)
    unsure = Q(pk__in=under_way.values("permit")) | Q(pk__in=half_done.values("pk"))
    held = Permit.objects.held_by_controller().order_by().exclude(acknowledged={})
    # What a person decides while we look stands in one of both lists at least.
    _note_doubts(zones)
    # One statement, and so one moment.
    rows = held.values(
        there=KeyTextTransform("zone", "acknowledged"),
    ).annotate(
        held=Count("pk"),
        held_valid=Count("pk", filter=_ends_after(_on_wire(now))),
        certain=Count("pk", filter=~unsure),
        certain_valid=Count("pk", filter=~unsure & _ends_after(latest)),
        ending=Count("pk", filter=~unsure & _ends_after(earliest) & ~_ends_after(latest)),
    )
    for row in rows:
        zone = zones[row["there"] or ""]
        for name in ("held", "held_valid", "certain", "certain_valid", "ending"):
            setattr(zone, name, row[name])
    # From here on everything is of a later moment, which only makes the band wider.
    _note_doubts(zones)
    doubtful = {pk for zone in zones.values() for pk in zone.doubts}
    for permit_id, name in _zones_of(_calls_since(began).exclude(pk__in=doubtful)):
        zones[name].unsure.add(permit_id)
    for pk, name in half_done.values_list("pk", KeyTextTransform("zone", "acknowledged")):
        zones[name or ""].unsure.add(pk)
    return [_belief(name, zone, earliest, latest) for name, zone in zones.items()]


def _note_doubts(zones: dict[str, _Zone]) -> None:
    """Add the pushes in doubt, and the refused ones whose record exists and may be ours."""
    for attempt in _doubts():
        sent = Request("push", attempt.request).fields
        zones[sent.get("zone", "")].doubts[attempt.pk] = sent.get("end_time", "")
    for permit_id, name in _zones_of(_said_to_exist()):
        zones[name].unsure.add(permit_id)


def _belief(name: str, zone: _Zone, earliest: str, latest: str) -> ZoneBelief:
    ending = [pk for pk, end in zone.doubts.items() if earliest < end <= latest]
    return ZoneBelief(
        zone=name[: limits.ZONE_NAME_LENGTH],
        held=zone.held,
        held_valid=zone.held_valid,
        certain=zone.certain,
        certain_valid=zone.certain_valid,
        unsure=len(zone.unsure),
        unsure_valid=len(zone.unsure) + zone.ending + len(ending),
        doubts=sorted(zone.doubts),
        doubts_valid=sorted(pk for pk, end in zone.doubts.items() if end > latest),
    )


def _on_wire(moment: datetime) -> str:
    return limits.moment_on_clock(moment, settings.OPSCOM_TIME_ZONE)


def _ends_after(text: str) -> Q:
    return Q(acknowledged__end_time__gt=text)


def _calls_since(began: datetime) -> "QuerySet[SyncAttempt]":
    """Calls for permits that were under way at that time, or are now, or were between.

    The end of a call is by the clock of the machine that made it.
    """
    since = began - CLOCKS_DIFFER
    ended_since = Q(started_at__gte=since - WAITS_AT_MOST, finished_at__gte=since)
    calls = SyncAttempt.objects.filter(Q(outcome=Outcome.SENDING) | ended_since)
    return calls.exclude(permit=None).order_by()


def _doubts() -> Iterable[SyncAttempt]:
    """The pushes whose outcome is unknown, found by their permits, which are few."""
    waiting = Permit.objects.filter(
        Q(state=State.IN_DOUBT) | Q(state__in=(State.QUEUED, State.SENDING), reference_id="")
    )
    undecided = SyncAttempt.objects.undecided().filter(permit__in=waiting.values("pk"))
    return undecided.only("pk", "request").order_by().iterator()


def _said_to_exist() -> "QuerySet[SyncAttempt]":
    """Pushes that were refused because such a record exists: it may be ours."""
    refused = Permit.objects.filter(state=State.REJECTED, reference_id="")
    return SyncAttempt.objects.filter(
        permit__in=refused.values("pk"), operation=Operation.PUSH, error_code=ALREADY_EXISTS
    ).order_by()


def _zones_of(calls: "QuerySet[SyncAttempt]") -> Iterable[tuple[int, str]]:
    """The permits of these calls, each with the zone in which its record is counted."""
    pushed = SyncAttempt.objects.filter(permit=OuterRef("permit"), operation=Operation.PUSH)
    named: Any = calls.annotate(
        there=KeyTextTransform("zone", "permit__acknowledged"),
        sent=Subquery(pushed.order_by("-pk").values("request")[:1]),
    ).values_list("permit", F("there"), F("sent"))
    for permit_id, there, sent in named:
        yield permit_id, there or Request("push", sent or {}).fields.get("zone", "")
