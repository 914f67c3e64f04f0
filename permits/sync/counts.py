"""Fetch the controller's counts: every pull is an attempt, teaches us its zones, and is kept."""

from bisect import bisect_right
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from permits import limits
from permits.controller import ControllerError, Request, Totals
from permits.models import (
    SETTLES,
    Link,
    Operation,
    Pull,
    Source,
    SyncAttempt,
    Zone,
    ZoneBelief,
    ZoneCount,
)
from permits.models.pull import TYPE_LENGTH
from permits.sync import link
from permits.sync.belief import beliefs
from permits.sync.outcomes import close

SOON: Final = timedelta(minutes=2)  # between two pulls, however many outcomes became unknown
THINNED: Final = 200  # counts removed in one go; the next sweep takes the rest


def pull_counts(*, actor: str, source: Source) -> Totals | ControllerError:
    """Ask the controller for its counts, learn the zones it names, and return what came of it.

    Where the queue is paused this is its probe, if nobody else is probing just now.
    """
    return _pull(actor=actor, source=source, probed=link.begin_probe(scheduled=False))


def _pull(*, actor: str, source: Source, probed: bool) -> Totals | ControllerError:
    request = Request.stats()
    result: Totals | ControllerError
    controller = link.controller()
    with controller.slot():
        link.take_turn(urgent=True)
        now = timezone.now()  # the lease of a call does not run while it waits for its turn
        attempt = SyncAttempt.objects.create(
            operation=Operation.STATS,
            actor=actor,
            source=source,
            started_at=now,
            lease_until=link.lease(now),
            request=dict(request.body),
        )
        try:
            result = controller.count(request)
        except ControllerError as error:
            result = error
    known = beliefs(now) if isinstance(result, Totals) else []
    with transaction.atomic():
        closed = close(attempt, result, timezone.now())
        if isinstance(result, Totals):
            _learn_zones(result)
            if closed:  # else it was given up meanwhile, and its moment is not known
                _keep(attempt, result, known)
    link.note(result, probed=probed)
    return result


def _learn_zones(totals: Totals) -> None:
    """Note every zone that the controller names; a name we could never send is passed over."""
    now = timezone.now()
    for name in sorted({total.zone for total in totals.totals}):
        try:
            if limits.zone_name(name) != name:
                continue
        except limits.LimitError:
            continue
        zone, _ = Zone.objects.get_or_create(name=name)
        Zone.objects.filter(pk=zone.pk).update(last_reported_at=now)
        Zone.objects.filter(pk=zone.pk, first_reported_at=None).update(first_reported_at=now)


def _keep(attempt: SyncAttempt, totals: Totals, known: list[ZoneBelief]) -> None:
    """Write the counts down as reported, and beside them what we believed."""
    began, ended = attempt.started_at, timezone.now()
    pull = Pull.objects.create(
        attempt=attempt,
        controller=attempt.controller,
        began_at=began,
        ended_at=ended,
        grain=_grain(began),
    )
    sums: Counter[tuple[str, str]] = Counter()
    for total in totals.totals:
        name = _storable(total.zone)[: limits.ZONE_NAME_LENGTH]
        sums[name, _storable(total.type)[:TYPE_LENGTH]] += total.total
    ZoneCount.objects.bulk_create(
        ZoneCount(pull=pull, zone=zone, type=kind, total=total)
        for (zone, kind), total in sums.items()
    )
    for belief in known:
        belief.pull = pull
    ZoneBelief.objects.bulk_create(known)


def _grain(began: datetime) -> "Pull.Grain":
    hour = began.replace(minute=0, second=0, microsecond=0)
    for grain, first in ((Pull.Grain.DAY, hour.replace(hour=0)), (Pull.Grain.HOUR, hour)):
        if not Pull.objects.filter(began_at__gte=first, began_at__lte=began).exists():
            return grain
    return Pull.Grain.EACH


def _storable(text: str) -> str:
    """Return a text without what a database refuses: NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def pull_if_due() -> bool:
    """Fetch the counts if the schedule or an unknown outcome asks for it; whether that was done.

    Of all workers one wins the turn. While calls are paused, the probe asks and not the schedule.
    """
    every = timedelta(seconds=settings.OPSCOM_COUNT_EVERY)
    if not every or link.is_paused():
        return False
    now = timezone.now()
    Link.current()
    turn = Q(next_count_at=None) | Q(next_count_at__lte=now)
    if _doubt_has_settled(now):
        turn |= Q(next_count_at__lte=now + every - SOON)
    free = Link.objects.filter(turn, pause=Link.Pause.NONE)
    if not free.update(next_count_at=now + every):
        return False
    _pull(actor="", source=Source.SCHEDULE, probed=False)
    return True


def _doubt_has_settled(now: datetime) -> bool:
    """Whether a push became unknown, can take effect no more, and nobody counted since."""
    last = Pull.objects.here().first()
    settled = SyncAttempt.objects.undecided().filter(lease_until__lt=now - SETTLES)
    return settled.filter(lease_until__gte=last.began_at - SETTLES).exists() if last else False


def thin_counts() -> int:
    """Remove counts that are kept closer together than their age deserves; return how many.

    The last before an unknown outcome and the first after it stay as long as nobody has decided:
    they are its evidence. So does the other end of each day and hour that is kept.
    """
    now = timezone.now()
    candidates = list(Pull.objects.too_fine(now).values_list("pk", "began_at", "ended_at"))
    if not candidates:
        return 0
    open_doubts = SyncAttempt.objects.undecided().order_by()
    begun = sorted(open_doubts.values_list("started_at", flat=True))
    settled = sorted(at + SETTLES for at in open_doubts.values_list("lease_until", flat=True))
    surplus: list[int] = []
    kept = Pull.objects.order_by("began_at").values_list("pk", "began_at", "ended_at")
    for pk, began, ended in candidates:
        if begun:
            later = kept.filter(began_at__gt=began).first()
            earlier = kept.filter(began_at__lt=began).exclude(pk__in=surplus).last()
            before = _any_between(begun, ended, later[2] if later else now)
            if before or _any_between(settled, earlier[1] if earlier else begun[0], began):
                continue
        surplus.append(pk)
        if len(surplus) == THINNED:
            break
    with transaction.atomic():
        Pull.objects.filter(pk__in=surplus).delete()
    return len(surplus)


def _any_between(moments: list[datetime], first: datetime, last: datetime) -> bool:
    """Whether one of the sorted moments lies after the first and not after the last."""
    return bisect_right(moments, last) > bisect_right(moments, first)


def probe() -> bool:
    """Ask a paused controller whether it is back, if it is time to; return whether calls go on."""
    if not link.is_paused():
        return True
    if not link.begin_probe(scheduled=True):
        return False
    _pull(actor="", source=Source.SCHEDULE, probed=True)
    return not link.is_paused()
