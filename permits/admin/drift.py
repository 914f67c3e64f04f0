"""The drift board: what we believe the controller holds against what it counts, zone by zone."""

from datetime import timedelta
from typing import Final

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import explain, reconcile
from permits.admin.drift_chart import chart_of
from permits.admin.sending import require
from permits.controller import ControllerError
from permits.models import Drift, Pull, Source, Zone
from permits.shown import shown

SPANS: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "year": timedelta(days=366)}
CALLS: Final = 50  # that are shown of a window
TIMES: Final = 10  # that a zone was out of step before


def show(request: HttpRequest) -> HttpResponse:
    """Show every zone as of the last counts, the ones out of step first."""
    require(request, "view_permit")
    board = reconcile.board()
    return TemplateResponse(
        request,
        "permits/drift.html",
        {
            **admin.site.each_context(request),
            "title": _("Drift"),
            "board": board,
            "flagged": sum(standing.lasts for standing in board.standings),
        },
    )


def show_zone(request: HttpRequest) -> HttpResponse:
    """Show one zone over time, when it went out of step, and the calls of that time."""
    require(request, "view_permit")
    if "name" not in request.GET:
        return redirect("admin:drift")
    name = request.GET["name"]
    span = request.GET.get("span", "")
    span = span if span in SPANS else "day"
    board = reconcile.board()
    standing = next((each for each in board.standings if each.zone == name), None)
    times = list(Drift.objects.filter(zone=name)[:TIMES])
    if standing is None and not times:
        raise Http404
    drift = times[0] if times else None
    calls = list(reconcile.calls_within(drift, name)[: CALLS + 1]) if drift else []
    return TemplateResponse(
        request,
        "permits/drift_zone.html",
        {
            **admin.site.each_context(request),
            "title": name or _("Without a zone"),
            "name": name,
            "board": board,
            "standing": standing,
            "zone": Zone.objects.filter(name=name).first(),
            "drift": drift,
            "times": times,
            "calls": calls[:CALLS],
            "has_more_calls": len(calls) > CALLS,
            "span": span,
            "spans": {"day": _("Day"), "week": _("Week"), "year": _("Year")},
            "chart": chart_of(name, timezone.now() - SPANS[span], board.reading.expired.holds),
        },
    )


def count(request: HttpRequest) -> HttpResponse:
    """Fetch the counts now, because a person asks."""
    actor = require(request, "view_permit", "pull_counts")
    if request.method != "POST":
        return redirect("admin:drift")
    result = reconcile.pull(actor=actor, source=Source.FORM)
    if isinstance(result, ControllerError):
        messages.error(
            request,
            _("The counts could not be fetched. %(why)s")
            % {"why": explain.sentence(shown(str(result)))},
        )
    else:
        total = sum(total.total for total in result.totals)
        zones = len({total.zone for total in result.totals})
        messages.success(
            request,
            _("Fetched: the controller counts %(total)d permits in %(zones)d zones.")
            % {"total": total, "zones": zones},
        )
    return redirect("admin:drift")


def flagged() -> int:
    """Return how many zones have been out of step for longer than `DRIFT_AFTER`."""
    return Drift.objects.lasting(timezone.now()).count() if Pull.objects.exists() else 0
