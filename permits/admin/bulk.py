"""Do one thing with many permits, after a page that counts what will happen and what will not."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from permits import numbers, sync, tasks
from permits.models import Batch, Link, Permit
from permits.models.permit import PermitQuerySet
from permits.shown import shown

Kind = Batch.Kind


@dataclass(frozen=True)
class Words:
    """How the page speaks of a kind of run."""

    button: Any
    done: Any  # what becomes of the permits


WORDS: Final = {
    Kind.PUSH: Words(
        ngettext_lazy("Push %(count)s permit", "Push %(count)s permits", "number"),
        ngettext_lazy(
            "<strong>%(count)s</strong> pushed to the controller",
            "<strong>%(count)s</strong> pushed to the controller",
            "number",
        ),
    ),
    Kind.UPDATE: Words(
        ngettext_lazy("Update %(count)s permit", "Update %(count)s permits", "number"),
        ngettext_lazy(
            "<strong>%(count)s</strong> updated on the controller",
            "<strong>%(count)s</strong> updated on the controller",
            "number",
        ),
    ),
    Kind.DELETE: Words(
        ngettext_lazy("Delete %(count)s permit", "Delete %(count)s permits", "number"),
        ngettext_lazy(
            "<strong>%(count)s</strong> deleted on the controller",
            "<strong>%(count)s</strong> deleted on the controller",
            "number",
        ),
    ),
    Kind.EXTEND: Words(
        ngettext_lazy("Extend %(count)s permit", "Extend %(count)s permits", "number"),
        ngettext_lazy(
            "<strong>%(count)s</strong> given a later end, on the controller too",
            "<strong>%(count)s</strong> given a later end, on the controller too",
            "number",
        ),
    ),
    Kind.RETRY: Words(
        ngettext_lazy("Retry %(count)s permit", "Retry %(count)s permits", "number"),
        ngettext_lazy(
            "<strong>%(count)s</strong> sent again",
            "<strong>%(count)s</strong> sent again",
            "number",
        ),
    ),
}


class ExtendForm(forms.Form):
    """How much later the permits shall end."""

    UNITS: Final = {"hours": _("hours"), "days": _("days"), "weeks": _("weeks")}

    number = forms.IntegerField(label=_("Extend the end by"), min_value=1, max_value=999, initial=1)
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, initial="days")

    def extend_by(self) -> timedelta:
        """Return the time that was entered."""
        return timedelta(**{self.cleaned_data["unit"]: self.cleaned_data["number"]})


@admin.action(description=_("Push"), permissions=["send"])
def push_selected(model_admin: Any, request: HttpRequest, permits: Any) -> HttpResponse:
    """Push the ticked permits, or all that match the filter."""
    return _ask_then_start(request, permits, Kind.PUSH)


@admin.action(description=_("Update"), permissions=["send"])
def update_selected(model_admin: Any, request: HttpRequest, permits: Any) -> HttpResponse:
    """Send the changes of the ticked permits, or of all that match the filter."""
    return _ask_then_start(request, permits, Kind.UPDATE)


@admin.action(description=_("Extend"), permissions=["send"])
def extend_selected(model_admin: Any, request: HttpRequest, permits: Any) -> HttpResponse:
    """Move the end of the ticked permits, or of all that match the filter, and update them."""
    if not request.user.has_perm("permits.change_permit"):
        raise PermissionDenied
    return _ask_then_start(request, permits, Kind.EXTEND)


@admin.action(description=_("Retry"), permissions=["send"])
def retry_selected(model_admin: Any, request: HttpRequest, permits: Any) -> HttpResponse:
    """Send again what was refused or got stuck; never what has an unknown outcome."""
    return _ask_then_start(request, permits, Kind.RETRY)


@admin.action(description=_("Delete"), permissions=["send"])
def delete_selected(model_admin: Any, request: HttpRequest, permits: Any) -> HttpResponse:
    """Withdraw the ticked permits, or all that match the filter, and delete them there."""
    return _ask_then_start(request, permits, Kind.DELETE)


ACTIONS: Final = (
    push_selected,
    update_selected,
    extend_selected,
    retry_selected,
    delete_selected,
)


def _ask_then_start(
    request: HttpRequest, permits: PermitQuerySet, kind: "Batch.Kind"
) -> HttpResponse:
    """Ask first; once confirmed, start the run and show it."""
    if not _ticked(request) and not _is_across(request):
        messages.warning(request, gettext("Tick the permits first, or choose all that match."))
        return redirect(request.get_full_path())
    confirmed = request.POST.get("confirm") == "yes"
    form = ExtendForm(request.POST if confirmed else None) if kind == Kind.EXTEND else None
    # What was entered after the page had counted is not among what was confirmed.
    newest = request.POST.get("newest", "")
    if confirmed and newest.isdecimal():
        permits = permits.filter(pk__lte=int(newest))
    if confirmed and (form is None or form.is_valid()):
        try:
            batch = sync.start_batch(
                kind,
                permits,
                actor=request.user.get_username(),
                extend_by=form.extend_by() if form else None,
            )
        except sync.Refused as refused:
            messages.warning(request, shown(str(refused)))
            return redirect(request.get_full_path())
        tasks.nudge(tasks.look)
        return redirect(batch)
    return TemplateResponse(
        request, "permits/bulk_confirm.html", _context(request, permits, kind, form)
    )


def _context(
    request: HttpRequest, permits: PermitQuerySet, kind: "Batch.Kind", form: ExtendForm | None
) -> dict[str, Any]:
    eligible = sync.eligible(kind, permits)
    count = eligible.count()
    shown = {"number": count, "count": numbers.say(count)}
    button = WORDS[kind].button % shown
    passed_over = sync.passed_over(kind, permits)
    return {
        **admin.site.each_context(request),
        "title": gettext("%(words)s?") % {"words": button},
        "kind": kind,
        "button": button,
        "done": SafeString(WORDS[kind].done % shown),
        "action": f"{kind}_selected",
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
        # Django's list wants one ticked even where all are meant.
        "ticked": ["0"] if _is_across(request) else _ticked(request),
        "across": _is_across(request),
        "newest": permits.aggregate(newest=Max("pk"))["newest"] or 0,
        "eligible": count,
        "passed_over": passed_over.items(),
        "valid_now": _valid_now(eligible) if kind == Kind.DELETE else 0,
        "form": form,
        "link": Link.current(),
    }


def _ticked(request: HttpRequest) -> list[str]:
    """Return what is ticked; the list's form sends a 0 besides."""
    return [pk for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if pk.strip("0")]


def _is_across(request: HttpRequest) -> bool:
    return request.POST.get("select_across") == "1"


def _valid_now(permits: PermitQuerySet) -> int:
    return permits.filter(pk__in=Permit.objects.valid_at(timezone.now()).values("pk")).count()
