"""What is done with a permit on the controller in one step: extend it, change its plate."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from permits import sync
from permits.admin import decisions, offers, plates, saving
from permits.admin.sending import back, is_ours, require, send_now
from permits.entry_forms import ChangePlateForm, ExtendForm, StepForm
from permits.models import Permit, Source
from permits.shown import shown


def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask how much longer the permit is to be valid, save that and send it."""
    return _step(request, pk, ExtendForm, _("Extend"), "permits/extend.html")


def change_plate(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the new plate, save it and send it."""
    return _step(request, pk, ChangePlateForm, _("Change plate"), "permits/change_plate.html")


def _step(
    request: HttpRequest, pk: int, form_class: type[StepForm], title: str, template: str
) -> HttpResponse:
    actor = require(request, "view_permit", "change_permit", "send_permit")
    with transaction.atomic():
        permit = _permit(request, pk)
        if why_not := offers.no_step(permit):
            messages.warning(request, f"{permit.plate}: {why_not}")
            return redirect(permit)
        form = form_class(request.POST if request.method == "POST" else None, instance=permit)
        is_saved, refused = request.method == "POST" and form.is_valid(), ""
        if is_saved:
            saving.write_edit(form.instance)
            refused = _ask(pk, actor)
    if is_saved:
        if refused:
            messages.warning(request, f"{permit.plate}: {refused}")
        else:
            send_now(request, pk)
        return back(request, permit)
    shown = Permit.objects.select_related("zone").get(pk=pk)  # `permit` holds what was typed
    context: dict[str, Any] = {"form": form, "next": _next(request)}
    context["found"] = [
        plates.Found(each, overlaps=True, steps=[]) for each in getattr(form, "overlaps", ())
    ]
    return decisions.page(request, shown, title, template, context)


def _ask(pk: int, actor: str) -> str:
    """Have the difference sent; return why it is not."""
    try:
        sync.ask(pk, actor=actor, source=Source.FORM)
    except sync.Refused as refused:
        return shown(str(refused))
    return ""


def _permit(request: HttpRequest, pk: int) -> Permit:
    permits = Permit.objects.select_related("zone")
    if request.method == "POST":
        permits = permits.select_for_update(of=("self",))
    return get_object_or_404(permits, pk=pk)


def _next(request: HttpRequest) -> str:
    """Return where the person came from, if that is a page of ours."""
    address = str(request.POST.get("next") or request.GET.get("next") or "")
    return address if is_ours(request, address) else ""
