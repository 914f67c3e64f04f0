"""Zones out of step: each pull is compared once, in order, and what it shows is written down."""

from django.db import transaction
from django.utils import timezone

from permits import sync
from permits.controller import ControllerError, Totals
from permits.models import Drift, Link, Pull, Source, ZoneBelief
from permits.reconcile.changes import between, change
from permits.reconcile.readings import Reading, reading
from permits.reconcile.sides import Both, sides


def pull(*, actor: str, source: Source) -> Totals | ControllerError:
    """Fetch the counts, compare them with our own, and return what came of the call."""
    result = sync.pull_counts(actor=actor, source=source)
    catch_up()
    return result


def catch_up() -> int:
    """Compare every pull that nobody has compared yet; return how many."""
    waiting = Pull.objects.filter(judged_at=None).order_by("began_at")
    return sum(_judge(pk) for pk in list(waiting.values_list("pk", flat=True)[:100]))


def gap(both: Both, told: Reading) -> int:
    """Return by how much a count lies outside the band of ours, under what the totals include.

    More than ours is no gap where others' records are counted too. A zone that the controller does
    not name holds nothing, as far as anybody can see.
    """
    under = both.under(told.expired.holds)
    total = both.all.total or 0
    low, high = min(side.low for side in under), max(side.high for side in under)
    if total > high:
        return 0 if told.others.holds else total - high
    return min(total - low, 0)


def _judge(pk: int) -> bool:
    with transaction.atomic():
        Link.current()
        Link.objects.select_for_update().get(pk=Link.ONLY)  # one after the other
        now = timezone.now()
        if not Pull.objects.filter(pk=pk, judged_at=None).update(judged_at=now):
            return False
        this = Pull.objects.get(pk=pk)
        pulls = Pull.objects.filter(controller=this.controller)
        earlier = pulls.filter(began_at__lt=this.began_at).first()
        zones = sides(this)
        if earlier is not None:
            _note_strays(earlier, this, zones)
        told = reading()
        _note_drift(this, earlier, {zone: gap(both, told) for zone, both in zones.items()})
        return True


def _note_strays(earlier: Pull, this: Pull, zones: dict[str, Both]) -> None:
    """Write down what the counts moved beyond all we know of; a zone we hold nothing of too."""
    before, happened = sides(earlier), between(earlier, this)
    kept = {belief.zone: belief for belief in ZoneBelief.objects.filter(pull=this)}
    for zone, both in zones.items():
        if zone not in before:
            continue
        belief = kept.get(zone) or ZoneBelief(pull=this, zone=zone)
        belief.strayed = belief.strayed_valid = None
        if before[zone].all.total is not None and both.all.total is not None:
            belief.strayed = change(before[zone].all, both.all, happened).strayed
            belief.strayed_valid = change(before[zone].valid, both.valid, happened).strayed
        if belief.pk or belief.strayed or belief.strayed_valid:
            belief.save()


def _note_drift(this: Pull, earlier: Pull | None, gaps: dict[str, int]) -> None:
    out = {zone: amount for zone, amount in gaps.items() if amount}
    Drift.objects.open().exclude(zone__in=out).update(ended_at=this.began_at)
    known = {drift.zone: drift for drift in Drift.objects.open()}
    for zone, amount in out.items():
        if zone in known:
            Drift.objects.filter(pk=known[zone].pk).update(gap=amount, seen_at=this.began_at)
        else:
            Drift.objects.create(
                zone=zone,
                since=this.began_at,
                seen_at=this.began_at,
                in_step_at=earlier.began_at if earlier else None,
                gap=amount,
            )
