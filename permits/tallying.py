"""Keeping the tallies: each closed call is counted once, whoever counts and whatever crashes.

Calls are counted in the order of their beginning, up to a moment before which all have ended. The
counts and that moment are written in one transaction, so a count that was cut off never was.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Min, Model
from django.utils import timezone

from permits.models import CallTally, Permit, ResponseTally, SyncAttempt, Tallied
from permits.models.permit import PermitQuerySet

SETTLED_AFTER: Final = timedelta(seconds=30)  # past the longest that a call can be under way
SLICE: Final = timedelta(hours=1)  # counted in one transaction


def tally(*, go_on: Callable[[], bool]) -> None:
    """Count what has ended since the last time, an hour at a time, as long as `go_on` says so."""
    Tallied.objects.get_or_create(pk=Tallied.ONLY)
    while go_on() and _tally_slice():
        pass
    _tally_zones()


def rebuild() -> None:
    """Forget every tally of calls that are still in the history, and count them anew."""
    first = SyncAttempt.objects.aggregate(first=Min("started_at"))["first"]
    with transaction.atomic():
        Tallied.objects.select_for_update().get_or_create(pk=Tallied.ONLY)
        if first is not None:
            first = Tallied.quarter_of(first)
            for model in (CallTally, ResponseTally):
                model.objects.filter(quarter__gte=first).delete()
        Tallied.objects.update(until=first)
    tally(go_on=lambda: True)


def settled_until(now: datetime) -> datetime:
    """Return the moment before which every call that was begun has ended and is written down."""
    longest = timedelta(seconds=settings.OPSCOM_DEADLINE) + SETTLED_AFTER
    under_way = SyncAttempt.objects.filter(outcome=SyncAttempt.Outcome.SENDING)
    oldest = under_way.order_by("started_at").values_list("started_at", flat=True).first()
    return min(filter(None, (now - longest, oldest)))


def _tally_slice() -> bool:
    """Count the next slice; return whether there is more."""
    settled = settled_until(timezone.now())
    with transaction.atomic():
        state = Tallied.objects.select_for_update().get(pk=Tallied.ONLY)
        calls = SyncAttempt.objects.order_by("started_at", "pk")
        if state.until is not None:
            calls = calls.filter(started_at__gte=state.until)
        begins = calls.values_list("started_at", flat=True).first()
        if begins is None or begins >= settled:
            return False
        until = min(Tallied.quarter_of(begins) + SLICE, settled)
        outcomes, times = count(calls.filter(started_at__lt=until))
        _add(CallTally, outcomes, ("quarter", "operation", "outcome", "error_code"))
        _add(ResponseTally, times, ("quarter", "bucket"))
        Tallied.objects.filter(pk=state.pk).update(until=until)
    return until < settled


def count(calls: Any) -> tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]:
    """Count calls by quarter hour, operation, outcome and code, and the answered by their time."""
    outcomes: Counter[tuple[Any, ...]] = Counter()
    times: Counter[tuple[Any, ...]] = Counter()
    buckets: dict[int, int] = {}
    fields = ("started_at", "operation", "outcome", "error_code", "http_status", "duration_ms")
    for started_at, operation, outcome, code, status, took in calls.values_list(*fields).iterator():
        quarter = Tallied.quarter_of(started_at)
        outcomes[quarter, operation, outcome, code or CallTally.NO_CODE] += 1
        if status is not None and took is not None:
            if took not in buckets:
                buckets[took] = ResponseTally.bucket_of(took)
            times[quarter, buckets[took]] += 1
    return outcomes, times


def _add(model: type[Model], counts: Counter[tuple[Any, ...]], names: tuple[str, ...]) -> None:
    """Add to the counts that are there, and begin the others; the quarter is the first of a key."""
    rows = model._default_manager
    kept = rows.filter(quarter__in={quarter for quarter, *_ in counts}).values_list("pk", *names)
    known = {tuple(values): pk for pk, *values in kept}
    rows.bulk_create(
        model(**dict(zip(names, values, strict=True)), calls=calls)
        for values, calls in counts.items()
        if values not in known
    )
    for values in counts.keys() & known.keys():
        rows.filter(pk=known[values]).update(calls=F("calls") + counts[values])


def _tally_zones() -> None:
    """Count the permits of each zone on the controller, where that was done some time ago."""
    now = timezone.now()
    due = Tallied.objects.exclude(zones_at__gt=now - Tallied.ZONES_EVERY)
    if due.update(zones_at=now):
        Tallied.objects.update(zones=by_zone(Permit.objects.all()))


def by_zone(permits: PermitQuerySet) -> list[list[int]]:
    """Count those of the permits that are on the controller by zone, the most first."""
    there = permits.held_by_controller().exclude(zone=None).order_by()
    counted = there.values_list("zone").annotate(permits=Count("pk")).order_by("-permits")
    return [[zone, permits] for zone, permits in counted]
