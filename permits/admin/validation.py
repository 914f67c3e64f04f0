"""The validation run: what it will do, a button to begin it, and its transcript."""

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from permits import tasks, validation
from permits.admin.sending import require
from permits.models import Validation
from permits.shown import shown
from permits.validation import plan, transcript


def ask(request: HttpRequest) -> HttpResponse:
    """Say what a run does, and begin one once somebody has agreed to it."""
    actor = require(request, "add_validation")
    if request.method == "POST":
        if request.POST.get("agreed") != "on":
            messages.error(request, _("Nothing was begun: tick the box if you agree."))
            return redirect("admin:ask_validation")
        try:
            run = validation.ask(actor=actor)
        except validation.Refused as refused:
            messages.error(request, shown(str(refused)))
            return redirect("admin:ask_validation")
        tasks.nudge(tasks.validate, run.pk)
        return redirect(run)
    return TemplateResponse(
        request,
        "permits/validation_ask.html",
        {
            **admin.site.each_context(request),
            "title": _("Validation run"),
            "url": settings.OPSCOM_URL,
            "client_code": settings.OPSCOM_CLIENT_CODE,
            "is_sandbox": settings.OPSCOM_IS_SANDBOX,
            "labels": plan.LABELS.values(),
            "ticket": plan.TICKET,
            "start": plan.START,
            "runs": Validation.objects.all()[:10] if _may_view(request) else [],
        },
    )


def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a run's transcript, which moves by itself while the run does."""
    require(request, "view_validation")
    run = get_object_or_404(Validation, pk=pk)
    steps = [
        {
            "step": step,
            "label": transcript.label(step),
            "line": transcript.request_line(step),
            "body": transcript.request_text(step),
        }
        for step in transcript.steps(run)
    ]
    context = {**admin.site.each_context(request), "title": str(run), "run": run, "steps": steps}
    part = "progress" in request.GET
    return TemplateResponse(
        request, "portal/transcript.html" if part else "permits/validation.html", context
    )


def text(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out the transcript as a text file."""
    require(request, "view_validation")
    run = get_object_or_404(Validation, pk=pk)
    return HttpResponse(
        validation.text(run),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="validation-{run.pk}.txt"'},
    )


def _may_view(request: HttpRequest) -> bool:
    return request.user.has_perm("permits.view_validation")
