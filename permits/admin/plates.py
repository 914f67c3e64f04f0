"""While a plate is typed: the permits that it already has, and which of them overlap."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from permits import limits
from permits.admin import offers
from permits.admin.sending import require
from permits.entry_forms import OVERLAPS_SHOWN, NewPermitForm
from permits.form_fields import MomentField
from permits.models import Permit

SHOWN: Final = 5  # permits that do not overlap; those that do are all shown


@dataclass(frozen=True)
class Found:
    """One permit of the plate, whether it overlaps, and what can be done with it in one step."""

    permit: Permit
    overlaps: bool
    steps: list[offers.Offer]


def of_plate(request: HttpRequest) -> HttpResponse:
    """Return a piece of a page with the plate's permits that have not ended yet."""
    require(request, "view_permit")
    start, end = (_moment(request.GET.get(name, "")) for name in ("start", "end"))
    context = _context(request, request.GET.get("plate", "")[:100], start, end)
    return render(request, "portal/of_plate.html", context)


def of_form(request: HttpRequest, form: Any) -> dict[str, Any]:
    """Return the same for a form as it was typed, which needs no script."""
    if not isinstance(form, NewPermitForm) or not form.is_bound:
        return {}
    typed = form.cleaned_data
    plate = typed.get("plate") or str(form.data.get("plate", ""))[:100]
    return _context(request, plate, typed.get("start_time"), typed.get("end_time"))


def _context(
    request: HttpRequest, plate: str, start: datetime | None, end: datetime | None
) -> dict[str, Any]:
    if not limits.plate_key(plate):
        return {"found": [], "overlaps": 0}
    wanted = Permit.objects.of_plate(plate).wanted().select_related("zone")
    over = wanted.overlapping(start, end) if start else wanted.none()
    overlapping = list(over.order_by("start_time")[:OVERLAPS_SHOWN])
    others = wanted.filter(end_time__gt=timezone.now()).exclude(
        pk__in=[permit.pk for permit in overlapping]
    )
    found = [
        *_found(request, overlapping, overlaps=True),
        *_found(request, others.order_by("start_time")[:SHOWN], overlaps=False),
    ]
    return {"found": found, "overlaps": len(overlapping)}


def _found(request: HttpRequest, permits: Iterable[Permit], *, overlaps: bool) -> Iterable[Found]:
    for permit in permits:
        yield Found(permit, overlaps, offers.one_step(permit, request.user))


def _moment(text: str) -> datetime | None:
    try:
        moment: datetime | None = MomentField(required=False).clean(text)
    except ValidationError:
        return None
    return moment
