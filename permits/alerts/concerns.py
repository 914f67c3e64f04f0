"""What may be open that a person should hear of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits import moments
from permits.models import Drift, Link, Permit, Verification


@dataclass(frozen=True)
class Concern:
    """One kind of trouble that is open now."""

    name: str  # for the records
    count: int
    mark: int  # grows with each new one; the same while none comes
    title: str  # for a subject: few words, no plate
    text: str  # a sentence or two
    settled: str  # what is said once it is over
    path: str  # the page that settles it


def standing(now: datetime) -> dict[str, Concern]:
    """Return what is open, by name, the gravest first."""
    found = (look(now) for look in _LOOKS)
    return {concern.name: concern for concern in found if concern is not None}


def settled(name: str) -> str:
    """Return what is said of a concern that is over."""
    return _SETTLED[name]()


def _permits(needs: str) -> str:
    return f"{reverse('admin:permits_permit_changelist')}?needs={needs}"


def _paused(_now: datetime) -> Concern | None:
    link = Link.objects.paused().first()
    if link is None or link.paused_at is None:
        return None
    return Concern(
        "paused",
        1,
        int(link.paused_at.timestamp() * 1000),
        _("calls paused"),
        _("Calls to the controller are paused since %(since)s: %(why)s.")
        % {"since": moments.in_full(link.paused_at), "why": link.get_pause_display()},
        settled("paused"),
        reverse("admin:controller"),
    )


def _unknown(_now: datetime) -> Concern | None:
    permits = Permit.objects.filter(state=Permit.State.IN_DOUBT)
    count = permits.count()
    if not count:
        return None
    return Concern(
        "unknown",
        count,
        permits.aggregate(newest=Max("attempts"))["newest"] or 0,
        ngettext("%(count)d unknown outcome", "%(count)d unknown outcomes", count)
        % {"count": count},
        ngettext(
            "%(count)d push was sent, and nobody knows whether it arrived. Find out and resolve "
            "it; until then it is not sent again.",
            "%(count)d pushes were sent, and nobody knows whether they arrived. Find out and "
            "resolve each; until then none is sent again.",
            count,
        )
        % {"count": count},
        settled("unknown"),
        _permits("unknown"),
    )


def _gave_up(_now: datetime) -> Concern | None:
    permits = Permit.objects.stuck()
    count = permits.count()
    if not count:
        return None
    return Concern(
        "gave_up",
        count,
        permits.aggregate(newest=Max("attempts"))["newest"] or 0,
        ngettext("%(count)d stuck in the queue", "%(count)d stuck in the queue", count)
        % {"count": count},
        ngettext(
            "%(count)d permit was tried as often as is sensible, and is not tried again by itself.",
            "%(count)d permits were tried as often as is sensible, and are not tried again by "
            "themselves.",
            count,
        )
        % {"count": count},
        settled("gave_up"),
        _permits("stuck"),
    )


def _drift(now: datetime) -> Concern | None:
    lasting = Drift.objects.lasting(now)
    count = lasting.count()
    if not count:
        return None
    return Concern(
        "drift",
        count,
        lasting.aggregate(newest=Max("pk"))["newest"] or 0,
        ngettext("%(count)d zone out of step", "%(count)d zones out of step", count)
        % {"count": count},
        ngettext(
            "In %(count)d zone the controller has counted for a while what our calls do not "
            "explain.",
            "In %(count)d zones the controller has counted for a while what our calls do not "
            "explain.",
            count,
        )
        % {"count": count},
        settled("drift"),
        reverse("admin:drift"),
    )


def _history(_now: datetime) -> Concern | None:
    last = Verification.objects.exclude(finished_at=None).order_by("-pk").first()
    if last is None or last.holds:
        return None
    return Concern(
        "history",
        len(last.problems),
        last.pk,
        _("the history is not whole"),
        _("The verification of %(moment)s found that the history is not as it was written.")
        % {"moment": moments.in_full(last.started_at)},
        settled("history"),
        reverse("admin:proof"),
    )


_LOOKS: Final[tuple[Callable[[datetime], Concern | None], ...]] = (
    *(_history, _paused, _unknown, _gave_up, _drift),
)
_SETTLED: Final[dict[str, Callable[[], str]]] = {
    "drift": lambda: _("Every zone is in step again."),
    "history": lambda: _("The history was verified, and is whole."),
    "paused": lambda: _("Calls to the controller are resumed."),
    "unknown": lambda: _("No push has an unknown outcome any more."),
    "gave_up": lambda: _("No permit is stuck in the queue any more."),
}
