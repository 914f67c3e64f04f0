"""The kinds of permits that need a person, the most pressing first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits import explain, moments
from permits.admin.counting import Count, count_rows
from permits.models import Permit, SyncAttempt
from permits.models.permit import PermitQuerySet
from permits.shown import shown

_State = Permit.State
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Need:
    """One kind: its name in addresses, its words, why it matters, and which permits they are."""

    name: str
    label: Any
    why: Any
    icon: str
    tone: str  # danger, warning or info, as the stylesheet knows them
    of: Callable[[PermitQuerySet, datetime], PermitQuerySet]
    since: Callable[[Permit], datetime | None]
    order: str  # that its list has unless asked otherwise: what waits longest first

    def among(self, permits: PermitQuerySet) -> PermitQuerySet:
        """Return those of the permits that are of this kind as of now."""
        return self.of(permits, timezone.now())

    def count(self) -> Count:
        """Return how many there are."""
        return count_rows(self.among(Permit.objects.all()))

    def age(self, permit: Permit) -> str:
        """Return for how long a permit has been of this kind, in words."""
        since = self.since(permit)
        if since is None:
            return ""
        minutes = (timezone.now() - since) // _MINUTE
        return moments.length(minutes * _MINUTE) if minutes > 0 else _("under a minute")


def chosen(request: HttpRequest) -> Need | None:
    """Return the kind that a list is narrowed down to; None where it is not."""
    return next((need for need in NEEDS if need.name == request.GET.get("needs")), None)


def add_last_calls(permits: Iterable[Permit]) -> None:
    """Give each permit its last call, as `last_call`, in one query."""
    by_id: dict[int, Any] = {permit.pk: permit for permit in permits}
    last = SyncAttempt.objects.filter(permit__in=by_id).order_by().values("permit")
    last_ids = last.annotate(last=Max("pk")).values("last")
    for permit in by_id.values():
        permit.last_call = None
    for attempt in SyncAttempt.objects.filter(pk__in=last_ids).defer("response", "request"):
        by_id[attempt.permit_id or 0].last_call = attempt


def reason(permit: Any) -> str:
    """Return in words why a permit needs a person; `add_last_calls` has been here before."""
    now = timezone.now()
    if permit.withdrawn_at:
        told = _("Withdrawn %(when)s, and the controller may still hold it.")
        return _with(told % {"when": moments.say(permit.withdrawn_at, now)}, permit)
    if permit.reference_id and permit.end_time <= now and permit.state != _State.MISSING:
        told = _("It ended %(when)s here, and the controller has a later end.")
        return _with(told % {"when": moments.say(permit.end_time, now)}, permit)
    if told := explain.trouble(permit, permit.last_call):
        return told
    match permit.state:
        case _State.DRAFT:
            return _("It was never pushed.")
        case _State.SENDING:
            return _("A call for it is under way.")
    return _("It waits in the queue.")


def _with(told: str, permit: Any) -> str:
    """Add what went wrong last, where something did."""
    last = permit.last_call
    if last is None or not last.error_message:
        return told
    return _("%(told)s The last call: %(problem)s") % {
        "told": told,
        "problem": explain.sentence(shown(last.error_message)),
    }


def _moved(permit: Permit) -> datetime | None:
    """Return when the permit came to where it stands: recording a call writes that down."""
    return permit.due_at


def _last_tried(permit: Any) -> datetime | None:
    last: SyncAttempt | None = permit.last_call
    return last.finished_at if last else None


def _uncovered_since(permit: Permit) -> datetime | None:
    start: datetime = permit.start_time
    return max(start, permit.entered_at)


def _over_since(permit: Permit) -> datetime | None:
    ended: datetime = permit.end_time
    return permit.withdrawn_at or ended


NEEDS: Final = (
    Need(
        "unknown",
        gettext_lazy("Unknown outcome"),
        gettext_lazy("Pushed, but no clear answer came back. Find out and resolve each."),
        "question",
        "danger",
        lambda permits, _now: permits.filter(state=_State.IN_DOUBT),
        _moved,
        "due_at",
    ),
    Need(
        "uncovered",
        gettext_lazy("Valid now, not on the controller"),
        gettext_lazy("Their drivers may be ticketed."),
        "shield",
        "danger",
        PermitQuerySet.valid_but_not_there,
        _uncovered_since,
        "start_time",
    ),
    Need(
        "rejected",
        gettext_lazy("Rejected"),
        gettext_lazy("The controller refused them. Correct each and send it again."),
        "cross",
        "danger",
        lambda permits, _now: permits.filter(state=_State.REJECTED),
        _moved,
        "due_at",
    ),
    Need(
        "missing",
        gettext_lazy("Missing"),
        gettext_lazy("The controller lost them. Push anew what is still wanted."),
        "missing",
        "warning",
        lambda permits, _now: permits.filter(state=_State.MISSING),
        _moved,
        "due_at",
    ),
    Need(
        "stuck",
        gettext_lazy("Stuck in the queue"),
        gettext_lazy("Tried as often as is sensible. Send each again."),
        "clock",
        "warning",
        lambda permits, _now: permits.stuck(),
        _last_tried,
        "pk",
    ),
    Need(
        "still_there",
        gettext_lazy("Withdrawn or ended, still valid on the controller"),
        gettext_lazy("Free parking until the controller has been told."),
        "bin",
        "warning",
        PermitQuerySet.over_but_there,
        _over_since,
        "pk",
    ),
)
