"""The controller's page: how we reach it, whether it answers, and the button to resume."""

from django.conf import settings
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from permits import checkup, sync
from permits.activity import client_address
from permits.admin.home import last_success, recent_calls
from permits.admin.sending import back, require
from permits.models import Activity, Link, Permit, SyncAttempt, Zone
from permits.shown import shown


def show(request: HttpRequest) -> HttpResponse:
    """Show the link to the controller, and what it holds of ours."""
    require(request, "view_permit")
    held = dict(
        Permit.objects.held_by_controller().order_by().values_list("zone").annotate(Count("pk"))
    )
    failed = SyncAttempt.objects.filter(
        outcome__in=(SyncAttempt.Outcome.NOT_SENT, SyncAttempt.Outcome.IN_DOUBT)
    )
    check, steps = checkup.last_check() or (None, [])
    return TemplateResponse(
        request,
        "permits/controller.html",
        {
            **admin.site.each_context(request),
            "title": _("Controller"),
            "url": settings.OPSCOM_URL,
            "client_code": settings.OPSCOM_CLIENT_CODE,
            "token": checkup.token_hint(),
            "zone": settings.OPSCOM_TIME_ZONE.key,
            "last_check": check,
            "steps": steps,
            "has_failed": checkup.has_failed(steps),
            "last_success": last_success(),
            "last_failure": failed.order_by("-pk").first(),
            "zones": [(zone, held.get(zone.pk, 0)) for zone in Zone.objects.all()],
            "recent_calls": recent_calls(5),
        },
    )


def resume(request: HttpRequest) -> HttpResponse:
    """Make calls again at once, because a person says so."""
    actor = require(request, "resume_link")
    if request.method != "POST":
        return redirect("admin:controller")
    with transaction.atomic():
        if sync.resume(actor):
            Activity.note(
                kind=Activity.Kind.CALLS_RESUMED, actor=actor, address=client_address(request)
            )
    link = Link.current()
    if link.is_restored:
        messages.error(request, shown(link.detail))
    else:
        messages.success(
            request, _("Calls to the controller are resumed. What is queued is sent now.")
        )
    return back(request, None) if "next" in request.POST else redirect("admin:controller")
