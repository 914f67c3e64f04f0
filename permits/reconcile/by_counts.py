"""What the zone's counts before and after a push in doubt say of it.

A count speaks only where all else that may have moved it is excluded; docs/reconciling.md has the
argument, and the premises that it rests on.
"""

import math
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits.controller import RECORD_NOT_FOUND
from permits.models import Permit, Pull, SyncAttempt
from permits.reconcile.by_refusal import other_pushes
from permits.reconcile.changes import Between, Change, between, change
from permits.reconcile.findings import Finding, Points, cannot_tell
from permits.reconcile.readings import strayed
from permits.reconcile.sides import Both, Side, sides, unnamed

MINUTE: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=1)  # between two pulls that are to prove anything

Zones = Mapping[str, Both]


def by_counts(attempt: SyncAttempt, zone: str, before: Pull | None, after: Pull | None) -> Finding:
    """Return what the last counts before the call and the first after it say of it."""
    if not zone:
        return cannot_tell(_("The push named no zone, and the counts are by zone."))
    if before is None:
        return cannot_tell(_("The zones were not counted before this call."))
    if after is None:
        return cannot_tell(
            _(
                "The zones were not counted since. A count shows something once the call can no "
                "longer take effect, %(minutes)d minutes after it was made."
            )
            % {"minutes": math.ceil((attempt.settles_at - attempt.started_at) / MINUTE)}
        )
    if after.began_at - before.ended_at > LONGEST:
        return cannot_tell(_("The counts before and after the call lie more than a day apart."))
    if why := _others_may_have():
        return cannot_tell(why)
    first, last = sides(before), sides(after)
    if why := _not_seen(attempt, zone, first, last):
        return cannot_tell(why)
    happened = between(before, after)
    if why := _unexplained(zone, first, last, happened):
        return cannot_tell(why)
    return _from_moves(attempt, _moves(first[zone], last[zone], happened))


def _others_may_have() -> str:
    """Return why others may have moved the counts too; empty where that is excluded."""
    if settings.OPSCOM_TOTALS_OTHERS is True:
        return _(
            "The totals count other senders' records too: one of theirs may have come or gone in "
            "the meantime, and the count would look the same."
        )
    if settings.OPSCOM_TOTALS_OTHERS is None:
        return _(
            "Nobody has stated whether the totals count other senders' records "
            "(OPSCOM_TOTALS_OTHERS), so a count that moved, or did not, proves nothing."
        )
    if strayed(settings.OPSCOM_TOTALS_EXPIRED, 1).exists():
        return _(
            "OPSCOM_TOTALS_OTHERS says that only our records are counted, but counts have risen "
            "by more than we pushed. Until that is cleared up the counts prove nothing."
        )
    return ""


def _not_seen(attempt: SyncAttempt, zone: str, first: Zones, last: Zones) -> str:
    """Return why the counts cannot show this push; empty where they can."""
    if any(zone not in side or side[zone].all.total is None for side in (first, last)):
        return _(
            "The controller did not count the zone %(zone)s both before and after the call."
        ) % {"zone": zone}
    if attempt.pk not in last[zone].all.doubts:
        return _("Its outcome was decided before the zones were counted again.")
    if any(attempt.pk not in side.doubts for side in _under(last[zone])):
        return _("The permit's end had passed by the second count, which may not show it then.")
    return ""


def _unexplained(zone: str, first: Zones, last: Zones, happened: Between) -> str:
    """Return what is not as all that we know of would have it; empty where all is.

    A zone out of step holds records that we know nothing of, or lacks some of ours, and either may
    come or go. Where another zone's count strayed, records may have moved from there: zones are
    renamed and merged.
    """
    if not any(side.fits for side in _under(first[zone])):
        return _("The zone was out of step before the call already, so its counts prove nothing.")
    for name in first.keys() | last.keys():
        moves = _moves(first.get(name, unnamed(name)), last.get(name, unnamed(name)), happened)
        if all(each.strayed for each in moves):
            return (
                _("The count moved by more than all our calls explain, so it proves nothing.")
                if name == zone
                else _(
                    "Meanwhile the count of the zone %(zone)s moved by what no call of ours "
                    "explains: records may have moved between zones."
                )
                % {"zone": name}
            )
    return ""


def _under(both: Both) -> list[Side]:
    return both.under(settings.OPSCOM_TOTALS_EXPIRED)


def _moves(first: Both, last: Both, happened: Between) -> list[Change]:
    """Return how a count moved, under each reading of whether ended permits are counted."""
    pairs = zip(_under(first), _under(last), strict=True)
    return [change(one, other, happened) for one, other in pairs]


def _from_moves(attempt: SyncAttempt, moves: list[Change]) -> Finding:
    found = {_points(each) for each in moves}
    if len(found) > 1:
        return cannot_tell(
            _(
                "It depends on whether ended permits are counted, which nobody has stated "
                "(OPSCOM_TOTALS_EXPIRED)."
            )
        )
    match found.pop():
        case Points.ARRIVED:
            return Finding(
                Points.ARRIVED,
                ngettext(
                    "Beyond all our certain calls the zone's count rose by %(count)d, and nothing "
                    "but this push can have done that.",
                    "Beyond all our certain calls the zone's count rose by %(count)d, which takes "
                    "this push and every other one in doubt.",
                    moves[-1].moved,
                )
                % {"count": moves[-1].moved},
            )
        case Points.DID_NOT:
            return _did_not(attempt)
        case _:
            return cannot_tell(
                _(
                    "Other calls in the same zone and time are uncertain too, and the count fits "
                    "either way."
                )
            )


def _points(move: Change) -> Points:
    """Return what is left: all that may have come came, and so this push; or nothing did."""
    if move.moved == move.up:
        return Points.ARRIVED
    return Points.DID_NOT if move.moved == -move.down else Points.CANNOT_TELL


def _did_not(attempt: SyncAttempt) -> Finding:
    """Say that it did not arrive, unless that would mislead."""
    if _records_vanish():
        return cannot_tell(
            _(
                "The count did not rise, but this controller has lost records before: one may "
                "have vanished as this one came."
            )
        )
    if other_pushes(attempt).exists():
        return cannot_tell(
            _(
                "The count did not rise, but the permit was pushed before with an unknown outcome "
                "too, and that push may have arrived."
            )
        )
    return Finding(
        Points.DID_NOT, _("The zone's count did not rise by anything but our certain calls.")
    )


def _records_vanish() -> bool:
    """Whether records of ours were seen to go without our doing."""
    vanished = strayed(settings.OPSCOM_TOTALS_EXPIRED, -1)
    lost = Permit.objects.filter(state=Permit.State.MISSING)
    refused = SyncAttempt.objects.filter(error_code=RECORD_NOT_FOUND, permit__in=lost.values("pk"))
    return vanished.exists() or refused.exists()
