"""The first page: what needs a person, the controller's health, the queue and the last calls."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits.admin.counting import Count, count_rows
from permits.admin.drift import flagged
from permits.admin.needs import NEEDS, Need
from permits.admin.pictures import Pictures
from permits.models import Permit, SyncAttempt


@dataclass(frozen=True)
class Needing:
    """How many permits need a person for one reason, and where to find them."""

    need: Need
    count: Count
    address: str


def context(request: HttpRequest) -> dict[str, Any]:
    """Return what the home page shows, as far as the user may see it."""
    if not request.user.has_perm("permits.view_permit"):
        return {"may_view": False}
    permits = reverse("admin:permits_permit_changelist")
    counts = [Needing(need, need.count(), f"{permits}?needs={need.name}") for need in NEEDS]
    queued = Permit.objects.filter(state=Permit.State.QUEUED)
    return {
        "may_view": True,
        "title": _("Home"),
        "counts": counts,
        "drifting": (drifting := flagged()),
        "is_calm": not drifting and not any(needing.count.rows for needing in counts),
        "has_permits": Permit.objects.exists(),
        "queued": count_rows(queued.filter(due_at__isnull=False)),
        "due": count_rows(Permit.objects.due(timezone.now())),
        "sending": count_rows(Permit.objects.filter(state=Permit.State.SENDING)),
        "last_success": last_success(),
        "recent_calls": recent_calls(8),
        "charts": Pictures(request).all(),
    }


def last_success() -> SyncAttempt | None:
    """Return the last call that the controller did as it was asked."""
    done = SyncAttempt.objects.filter(outcome=SyncAttempt.Outcome.SUCCEEDED)
    return done.defer("response", "request").order_by("-started_at", "-pk").first()


def recent_calls(most: int) -> list[SyncAttempt]:
    """Return the last calls about permits, the newest first."""
    calls = SyncAttempt.objects.exclude(permit=None).select_related("permit")
    return list(calls.defer("response", "request").order_by("-pk")[:most])
