"""Sending one permit because a person asked for it, and saying what came of it."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from permits import explain, sync
from permits.admin import offers
from permits.models import Link, Operation, Permit, Source, SyncAttempt
from permits.shown import shown


def require(request: HttpRequest, *permissions: str) -> str:
    """Return the user's name, or refuse where a permission is missing."""
    if not all(request.user.has_perm(f"permits.{name}") for name in permissions):
        raise PermissionDenied
    return request.user.get_username()


def after_commit(request: HttpRequest, permit_id: int) -> None:
    """Send the permit once the transaction under way is written, and say what came of it."""
    transaction.on_commit(partial(send_now, request, permit_id))


def send_now(request: HttpRequest, permit_id: int) -> None:
    """Make the permit's calls, outside every transaction, and say what came of them."""
    attempt = sync.send(permit_id)
    say(request, permit_id, attempt)


def say(request: HttpRequest, permit_id: int, attempt: SyncAttempt | None) -> None:
    """Say what became of a permit that was asked to be sent."""
    permit = Permit.objects.filter(pk=permit_id).first()
    if permit is None:
        messages.success(request, _("The permit was never sent, so it is simply removed."))
        return
    said = (
        explain.answer(attempt, permit)
        if attempt
        else explain.nothing_sent(permit, Link.current(), timezone.now())
    )
    messages.add_message(request, said.level, said.text)


def push(request: HttpRequest, pk: int) -> HttpResponse:
    """Push one permit now."""
    return _apply(request, pk, Operation.PUSH)


def update(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one permit's changes now."""
    return _apply(request, pk, Operation.UPDATE)


def _apply(request: HttpRequest, pk: int, operation: Operation) -> HttpResponse:
    actor = require(request, "view_permit", "send_permit")
    permit = get_object_or_404(Permit.objects.select_related("zone"), pk=pk)
    if request.method != "POST":  # as after signing in anew: show what the button belongs to
        return redirect(permit)
    if why_not := offers.passed_over(permit, operation):
        told = _("%(plate)s: nothing was sent, because %(why)s.")
        messages.warning(request, told % {"plate": permit.plate, "why": why_not})
        return back(request, permit)
    source = Source.ACTION if "next" in request.POST else Source.FORM
    try:
        sync.ask(permit.pk, actor=actor, source=source)
    except sync.Refused as refused:
        messages.warning(request, f"{permit.plate}: {shown(str(refused))}")
    else:
        send_now(request, permit.pk)
    return back(request, permit)


def back(request: HttpRequest, permit: Permit | None) -> HttpResponse:
    """Return to the list that the button stood in, or else to the permit's page."""
    came_from: Any = request.POST.get("next", "")
    if is_ours(request, came_from):
        return redirect(came_from)
    return redirect(permit) if permit else redirect("admin:permits_permit_changelist")


def is_ours(request: HttpRequest, address: str) -> bool:
    """Whether an address that came with the request leads to a page of the portal."""
    return url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
