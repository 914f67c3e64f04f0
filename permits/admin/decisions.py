"""The pages on which a person decides about one permit: resolve, push anew, keep."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits import reconcile, sync
from permits.admin import offers, panel
from permits.admin.sending import require, send_now
from permits.decision_forms import OptionalReasonForm, ReasonForm, ThereForm
from permits.models import Operation, Permit, SyncAttempt
from permits.shown import shown


@dataclass(frozen=True)
class Question:
    """What a page asks before it does something to a permit."""

    title: Any
    lead: Any
    button: Any
    form: type[forms.Form]


_PUSH_ANEW = Question(
    gettext_lazy("Push anew"),
    gettext_lazy(
        "The controller holds no record of this permit any more. Pushing it anew makes a new "
        "record there, with a new reference ID."
    ),
    gettext_lazy("Push anew"),
    ReasonForm,
)
_KEEP = Question(
    gettext_lazy("Keep"),
    gettext_lazy(
        "This permit was withdrawn, and the controller may still hold it. Keeping it takes the "
        "withdrawal back."
    ),
    gettext_lazy("Keep the permit"),
    OptionalReasonForm,
)


def push_anew(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask why, then push a permit again that the controller lost."""
    actor = require(request, "view_permit", "resolve_permit")
    permit = permit_of(pk)

    def decide(answer: dict[str, Any]) -> None:
        sync.push_anew(permit.pk, reason=answer["reason"], actor=actor)
        send_now(request, permit.pk)

    return _ask(request, permit, _PUSH_ANEW, decide)


def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a withdrawal back."""
    actor = require(request, "view_permit", "send_permit")
    permit = permit_of(pk)

    def decide(answer: dict[str, Any]) -> None:
        sync.keep(permit.pk, reason=answer["reason"], actor=actor)
        messages.success(request, _("%(plate)s: it is kept.") % {"plate": permit.plate})
        if permit_of(pk).state == Permit.State.QUEUED:
            send_now(request, permit.pk)

    return _ask(request, permit, _KEEP, decide)


def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what became of a push whose outcome is unknown, and record the answer."""
    actor = require(request, "view_permit", "resolve_permit")
    permit = permit_of(pk)
    verdict = request.POST.get("verdict", "")
    there = ThereForm(request.POST if verdict == "there" else None, auto_id="there_%s")
    not_there = ReasonForm(request.POST if verdict == "not_there" else None, auto_id="not_there_%s")
    chosen = {"there": there, "not_there": not_there}.get(verdict)
    if request.method == "POST" and chosen is not None and chosen.is_valid():
        answer = chosen.cleaned_data
        try:
            if verdict == "there":
                sync.resolve_there(permit.pk, actor=actor, **answer)
                told = _(
                    "%(plate)s: recorded as on the controller, with reference ID %(reference)s."
                )
                facts = {"plate": permit.plate, "reference": answer["reference_id"]}
                messages.success(request, told % facts)
            else:
                sync.resolve_not_there(permit.pk, actor=actor, **answer)
            if permit_of(pk).state == Permit.State.QUEUED:
                send_now(request, permit.pk)
        except sync.Refused as refused:
            messages.warning(request, f"{permit.plate}: {shown(str(refused))}")
        return redirect(permit)
    last_push = permit.attempts.filter(operation=Operation.PUSH).order_by("-pk").first()
    doubled = offers.may_be_there(permit, last_push)
    if restored := permit.is_doubted_since_restore:
        last_push = None  # no call that is written down here is the one in doubt
    if permit.state != Permit.State.IN_DOUBT and not doubled:
        told = _("%(plate)s: its outcome is known; there is nothing to resolve.")
        messages.info(request, told % {"plate": permit.plate})
        return redirect(permit)
    context = {
        "attempt": last_push,
        "evidence": last_push and (doubt := _doubt(permit)) and reconcile.evidence(doubt),
        "restored": restored,
        "there": there,
        "not_there": None if doubled else not_there,
        "sent": panel.sent_by(last_push) if last_push else [],
    }
    return page(request, permit, _("Resolve"), "permits/resolve.html", context)


def _ask(request: HttpRequest, permit: Permit, question: Question, decide: Any) -> HttpResponse:
    form = question.form(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            decide(form.cleaned_data)
        except sync.Refused as refused:
            messages.warning(request, f"{permit.plate}: {shown(str(refused))}")
        return redirect(permit)
    context = {"question": question, "form": form}
    return page(request, permit, question.title, "permits/decide.html", context)


def page(
    request: HttpRequest, permit: Permit, title: str, template: str, context: dict[str, Any]
) -> TemplateResponse:
    """Return a page about one permit."""
    return TemplateResponse(
        request,
        template,
        {
            **admin.site.each_context(request),
            "title": f"{title} {permit.plate}",
            "step": title,
            "permit": permit,
            "back": reverse("admin:permits_permit_change", args=[permit.pk]),
            **context,
        },
    )


def _doubt(permit: Permit) -> SyncAttempt | None:
    """Return the permit's last push whose outcome is unknown, or was before a person decided."""
    pushes = permit.attempts.filter(operation=Operation.PUSH)
    return pushes.filter(outcome=SyncAttempt.Outcome.IN_DOUBT).order_by("-pk").first()


def permit_of(pk: int) -> Permit:
    """Return the permit of this number."""
    return get_object_or_404(Permit.objects.select_related("zone"), pk=pk)
