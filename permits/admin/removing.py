"""Taking a permit back: asked first, then deleted wherever the controller may hold it."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from permits import sync
from permits.admin import offers, sending
from permits.decision_forms import OptionalReasonForm
from permits.models import Permit, Source
from permits.shown import shown


def remove(request: HttpRequest, permits: QuerySet[Permit], number: str) -> HttpResponse:
    """Withdraw a permit after asking; what the controller may hold is deleted there."""
    permit = permits.filter(pk=number).first() if number.isdecimal() else None
    if permit is None:
        messages.warning(request, _("This permit does not exist any more."))
        return redirect("admin:permits_permit_changelist")
    form = OptionalReasonForm(request.POST if "post" in request.POST else None)
    if form.is_valid():
        return _withdraw(request, permit, form.cleaned_data["reason"])
    context = {
        **admin.site.each_context(request),
        "title": _("Delete %(plate)s?") % {"plate": permit.plate},
        "permit": permit,
        "form": form,
        "gives_up": offers.to_be_replaced(permit),
        "never_called": not permit.reference_id and not permit.attempts.exists(),
        "now": timezone.now(),
    }
    return TemplateResponse(request, "permits/delete.html", context)


def _withdraw(request: HttpRequest, permit: Permit, reason: str) -> HttpResponse:
    actor = request.user.get_username()
    try:
        sync.withdraw(permit.pk, actor=actor, source=Source.FORM, reason=reason)
    except sync.Refused as refused:
        messages.warning(request, f"{permit.plate}: {shown(str(refused))}")
    else:
        sending.send_now(request, permit.pk)
    return sending.back(request, Permit.objects.filter(pk=permit.pk).first())
