"""Whether a car is allowed to stand here now: the answer above the list, zone by zone, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from permits import moments
from permits.models import Permit

State = Permit.State
_MOST: Final = 50  # permits of one plate that are looked at


@dataclass(frozen=True)
class InZone:
    """What holds in one zone."""

    permit: Permit
    tone: str  # success, warning or danger, as the stylesheet knows them
    icon: str
    words: str


@dataclass(frozen=True)
class Answer:
    """The answer for one plate at one moment."""

    tone: str
    words: str
    zones: list[InZone]
    besides: list[str]  # sentences on what comes next, or ended last


def of_plate(plate: str, now: datetime) -> Answer | None:
    """Answer for a plate, whatever its spacing and dashes; nothing where it never had a permit."""
    permits = Permit.objects.of_plate(plate).select_related("zone")
    wanted = permits.filter(withdrawn_at=None)
    running = list(wanted.filter(end_time__gt=now).order_by("end_time")[:_MOST])
    valid = [permit for permit in running if permit.start_time <= now]
    later = min((p for p in running if p not in valid), key=lambda p: p.start_time, default=None)
    besides = []
    if later is not None:
        besides.append(
            _("Next: %(zone)s, from %(start)s.")
            % {"zone": zone_of(later), "start": moments.say(later.start_time, now)}
        )
    if not valid:
        last = wanted.filter(end_time__lte=now).order_by("-end_time").first()
        if last is None and later is None and not permits.exists():
            return None
        if last is not None:
            besides.append(
                _("The last one ended %(end)s: %(zone)s.")
                % {"zone": zone_of(last), "end": moments.say(last.end_time, now)}
            )
        words = _("%(plate)s is not allowed anywhere now.") % {"plate": plate}
        return Answer("danger", words, [], besides)
    zones = [_in_zone(permit, now) for permit in _best(valid)]
    is_sure = any(zone.tone == "success" for zone in zones)
    words = _("%(plate)s is allowed now.") if is_sure else _("%(plate)s is allowed, with a catch.")
    tone = "success" if is_sure else "warning"
    return Answer(tone, words % {"plate": valid[0].plate}, zones, besides)


def _best(valid: Iterable[Permit]) -> list[Permit]:
    """Return the permit of each zone that serves the driver best: there for sure, and longest."""
    best: dict[int | None, Permit] = {}
    for permit in sorted(valid, key=lambda each: (_is_there(each), each.end_time)):
        best[permit.zone_id] = permit
    return sorted(best.values(), key=zone_of)


def _is_there(permit: Permit) -> bool:
    return bool(permit.reference_id) and permit.state not in (State.MISSING, State.DELETED)


def _in_zone(permit: Permit, now: datetime) -> InZone:
    facts = {"zone": zone_of(permit), "end": moments.say(permit.end_time, now)}
    if not _is_there(permit):
        if permit.state == State.IN_DOUBT:
            told = _("%(zone)s until %(end)s, but the controller may not hold it.")
        else:
            told = _("%(zone)s until %(end)s, but the controller does not hold it.")
        return InZone(permit, "danger", "shield", told % facts)
    differing = {each.field for each in permit.differences()} & {"plate", "end_time"}
    if differing:
        told = _("%(zone)s until %(end)s, but the controller still has what was before.")
        return InZone(permit, "warning", "pencil", told % facts)
    if permit.zone and not permit.zone.is_reported:
        told = _("%(zone)s until %(end)s, but the controller has never reported this zone.")
        return InZone(permit, "warning", "warning", told % facts)
    return InZone(permit, "success", "check", _("%(zone)s until %(end)s.") % facts)


def zone_of(permit: Permit) -> str:
    """Return the permit's zone in words."""
    return _("No zone") if permit.zone is None else permit.zone.name
