"""The page of alerts: what is open, what was sent, and a test mail."""

from typing import Final

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from permits import alerts, tasks
from permits.admin.sending import require
from permits.models import Alert

SHOWN: Final = 50


def show(request: HttpRequest) -> HttpResponse:
    """Show what is open now, and the last messages."""
    require(request, "view_alert")
    return TemplateResponse(
        request,
        "permits/alerts.html",
        {
            **admin.site.each_context(request),
            "title": _("Alerts"),
            "concerns": alerts.standing(timezone.now()).values(),
            "alerts": Alert.objects.all()[:SHOWN],
            "waiting": Alert.objects.filter(sent_at=None).count(),
            "recipients": settings.ALERT_RECIPIENTS,
        },
    )


@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Have a test mail sent by the worker: a mail server that hangs holds up no page."""
    actor = require(request, "test_alert")
    if alerts.write_test(actor) is None:
        messages.error(request, _("Nothing is sent: ALERT_RECIPIENTS names nobody."))
    else:
        tasks.nudge(tasks.look_at_alerts)
        messages.success(
            request, _("The test mail is written. The worker sends it now; reload to see.")
        )
    return redirect("admin:alerts")
