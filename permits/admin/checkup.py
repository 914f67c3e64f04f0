"""The page that checks the way to the controller, step by step."""

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from permits import checkup
from permits.admin.sending import require
from permits.models import Source


def show(request: HttpRequest) -> HttpResponse:
    """Show how the controller is reached; with the button pressed, also what came of trying."""
    actor = require(request, "resume_link")
    steps = checkup.check(actor=actor, source=Source.CHECK) if request.method == "POST" else []
    return TemplateResponse(
        request,
        "permits/checkup.html",
        {
            **admin.site.each_context(request),
            "title": _("Check the controller"),
            "steps": steps,
            "has_failed": checkup.has_failed(steps),
            "url": settings.OPSCOM_URL,
            "client_code": settings.OPSCOM_CLIENT_CODE,
            "token": checkup.token_hint(),
            "zone": settings.OPSCOM_TIME_ZONE.key,
        },
    )
