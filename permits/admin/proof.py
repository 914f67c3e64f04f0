"""The page of the proof: whether the history is whole, and the seals that vouch for it."""

from typing import Final

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import moments, tasks
from permits.admin.sending import require
from permits.models import Archive, Seal, Verification
from permits.shown import shown

SHOWN: Final = 10  # of the seals and of the verifications


def show(request: HttpRequest) -> HttpResponse:
    """Show the last verification and the last seals."""
    require(request, "view_seal")
    runs = Verification.objects.filter(finished_at__isnull=False)
    seals = list(Seal.objects.filter(is_open=False)[:SHOWN])
    return TemplateResponse(
        request,
        "permits/proof.html",
        {
            **admin.site.each_context(request),
            "title": _("Proof of the history"),
            "last": runs.first(),
            "running": Verification.objects.under_way().first(),
            "runs": runs[:SHOWN],
            "seal": seals[0] if seals else None,
            "seals": seals,
            "archives": Archive.objects.all()[:SHOWN],
        },
    )


def show_seal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one seal whole, to be printed and kept apart."""
    actor = require(request, "view_seal")
    sealed = Seal.objects.filter(is_open=False)
    seal = get_object_or_404(sealed, pk=pk)
    context = {
        **admin.site.each_context(request),
        "title": shown(str(seal)),
        "seal": seal,
        "made": f"{seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC",
        "before": sealed.filter(pk__lt=pk).first(),
        "reader": actor,
        "now": moments.in_full(timezone.now()),  # paper outlasts a word such as today
    }
    return TemplateResponse(request, "permits/seal.html", context)


def verify(request: HttpRequest) -> HttpResponse:
    """Have the worker verify the whole history now."""
    actor = require(request, "view_seal", "add_verification")
    if request.method == "POST":
        if Verification.objects.under_way().exists():
            messages.info(request, _("A verification is under way already."))
        elif tasks.nudge(tasks.verify_now, actor):
            messages.success(
                request, _("The history is being verified. Open this page again in a moment.")
            )
        else:
            messages.error(request, _("The worker could not be told. Try again in a minute."))
    return redirect("admin:proof")
