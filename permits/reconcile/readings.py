"""What the controller's totals include: as the installation states it, or as the data tells.

The vendor says neither whether totals count permits whose end has passed nor whether they count
other senders' records. Data can show that they do; that they do not can only become likely, so
what is told from the data is good enough to show on the board, and never to prove a push by.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits.models import Pull, ZoneBelief
from permits.models.attempt import called_controller
from permits.reconcile.sides import Both, sides

ENOUGH: Final = 5  # movements that one reading explains and the other does not
APPEARANCES: Final = 3  # movements, or zones, that hold more than we know of
QUIET_PULLS: Final = 100  # pulls, over at least
QUIET_FOR: Final = timedelta(days=2)  # of which none held more than we know of


@dataclass(frozen=True)
class Told:
    """One reading: what holds (None: cannot tell yet), whether somebody stated it, and why."""

    holds: bool | None
    stated: bool
    grounds: str


@dataclass(frozen=True)
class Reading:
    """What the totals include."""

    expired: Told
    others: Told


def reading() -> Reading:
    """Return what the totals include, as stated or as far as the data tells."""
    expired = _stated(settings.OPSCOM_TOTALS_EXPIRED, "OPSCOM_TOTALS_EXPIRED") or _tell_expired()
    others = _stated(settings.OPSCOM_TOTALS_OTHERS, "OPSCOM_TOTALS_OTHERS")
    return Reading(expired, others or _tell_others(expired.holds))


def strayed(expired: bool | None, sign: int) -> "QuerySet[ZoneBelief]":
    """Return the zones' beliefs that saw records come (sign 1) or vanish (-1) unexplained."""
    of_all, of_valid = (
        Q(**{f"{name}__gt": 0}) if sign > 0 else Q(**{f"{name}__lt": 0})
        for name in ("strayed", "strayed_valid")
    )
    which = {True: of_all, False: of_valid, None: of_all & of_valid}[expired]
    return _here().filter(which)


def _here() -> "QuerySet[ZoneBelief]":
    return ZoneBelief.objects.filter(pull__controller=called_controller())


def _stated(holds: bool | None, variable: str) -> Told | None:
    if holds is None:
        return None
    return Told(holds, stated=True, grounds=_("Stated by %(variable)s.") % {"variable": variable})


def _tell_expired() -> Told:
    found = _here().aggregate(
        counted=Count("pk", filter=Q(strayed=0) & ~Q(strayed_valid=0)),
        left_out=Count("pk", filter=Q(strayed_valid=0) & ~Q(strayed=0)),
    )
    counted, left_out = found["counted"], found["left_out"]
    grounds = _(
        "When permits ended, %(counted)d counts moved as if they stayed in the total and "
        "%(left_out)d as if they left it."
    ) % {"counted": counted, "left_out": left_out}
    holds = None
    if counted >= ENOUGH and counted > 10 * left_out:
        holds = True
    elif left_out >= ENOUGH and left_out > 10 * counted:
        holds = False
    return Told(holds, stated=False, grounds=grounds)


def _tell_others(expired: bool | None) -> Told:
    appeared = strayed(expired, 1)
    times, zones = appeared.count(), appeared.values("zone").distinct().count()
    last = Pull.objects.here().first()
    over = [] if last is None else [zone for zone, both in sides(last).items() if _is_over(both)]
    if times >= APPEARANCES:
        return Told(
            True,
            stated=False,
            grounds=_(
                "%(times)d times records appeared in the totals that the portal did not push, in "
                "%(zones)d zones."
            )
            % {"times": times, "zones": zones},
        )
    if len(over) >= APPEARANCES:
        return Told(
            True,
            stated=False,
            grounds=ngettext(
                "%(count)d zone holds more than the portal ever pushed there.",
                "%(count)d zones hold more than the portal ever pushed there.",
                len(over),
            )
            % {"count": len(over)},
        )
    span = Pull.objects.here().aggregate(
        count=Count("pk"), first=Min("began_at"), last=Max("began_at")
    )
    long_enough = span["count"] >= QUIET_PULLS and span["last"] - span["first"] >= QUIET_FOR
    quiet = long_enough and not times and not over
    grounds = ngettext(
        "In %(pulls)d counts, %(times)d time a record appeared that we did not push.",
        "In %(pulls)d counts, %(times)d times a record appeared that we did not push.",
        times,
    ) % {"pulls": span["count"], "times": times}
    return Told(False if quiet else None, stated=False, grounds=grounds)


def _is_over(both: Both) -> bool:
    return both.all.total is not None and both.all.total > both.all.high
