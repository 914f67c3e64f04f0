"""The page that replaces a permit: what the controller cannot change becomes a new record there."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from permits import sync
from permits.admin import decisions, offers
from permits.admin.sending import require, send_now
from permits.forms import PermitForm
from permits.models import Permit
from permits.shown import shown


def replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the values of a permit that takes this one's place, and push it.

    The form of the permit itself sends what was typed there, so that it is one step for a clerk.
    """
    actor = require(request, "view_permit", "add_permit", "send_permit")
    permit = decisions.permit_of(pk)
    if successor := permit.successors.exclude(state=Permit.State.DELETED).first():
        told = _("%(plate)s: this permit replaces it already.") % {"plate": permit.plate}
        messages.info(request, told)
        return redirect(successor)
    if not offers.may_replace(permit, request.user):
        told = _("%(plate)s: only a permit that is on the controller can be replaced.")
        messages.warning(request, told % {"plate": permit.plate})
        return redirect(permit)
    form = _form(request, permit)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in Permit.STAFF_FIELDS}
        try:
            successor = sync.replace(permit.pk, fields=fields, actor=actor)
        except sync.Refused as refused:
            messages.warning(request, f"{permit.plate}: {shown(str(refused))}")
            return redirect(permit)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            send_now(request, successor.pk)
            return redirect(successor)
    return decisions.page(request, permit, _("Replace"), "permits/replace.html", {"form": form})


def _form(request: HttpRequest, permit: Permit) -> PermitForm:
    initial: dict[str, Any] = {name: getattr(permit, name) for name in Permit.STAFF_FIELDS}
    initial["zone"] = permit.zone.name if permit.zone else ""
    typed = request.POST.copy() if request.method == "POST" else None
    seen = typed.get("version") if typed is not None else None
    if typed is not None:
        typed["version"] = str(permit.version)
    form = PermitForm(typed, initial=initial)
    form.fields["version"].initial = permit.version
    form.fields["zone"].may_add = request.user.has_perm("permits.add_zone")  # type: ignore[attr-defined]
    if seen not in (None, "", str(permit.version)):
        form.add_error(
            None,
            _("Someone else saved this permit since you opened it. Look at what it holds now, "
              "correct what you typed, and replace it then."),
        )  # fmt: skip
    return form
