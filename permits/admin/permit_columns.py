"""The columns of the list of permits."""

from collections.abc import Callable
from typing import Any, TypeAlias

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permits.admin import needs, offers, rows
from permits.models import Permit
from permits.templatetags import portal

State = Permit.State
Columns: TypeAlias = tuple[str | Callable[[Any], str | bool], ...]


@admin.display(description=gettext_lazy("plate"), ordering="plate_key")
def plate_shown(permit: Permit) -> SafeString:
    """Return the plate in the type of plates."""
    return format_html('<span class="plate">{}</span>', permit.plate)


@admin.display(description=gettext_lazy("zone"), ordering="zone")
def zone_shown(permit: Permit) -> SafeString | str:
    """Return the zone, marked where the controller has never reported it."""
    return portal.zone_name(permit.zone)


@admin.display(description=gettext_lazy("valid"), ordering="end_time")
def period(permit: Permit) -> SafeString:
    """Return from when to when it is valid."""
    return portal.validity(permit)


@admin.display(description=gettext_lazy("amount"), ordering="amount")
def cost(permit: Permit) -> str:
    """Return the amount with its currency."""
    return portal.money(permit.amount, permit.currency)


@admin.display(description=gettext_lazy("state"), ordering="state")
def standing(permit: Permit) -> SafeString:
    """Return the state's pill."""
    return portal.pill(permit)


@admin.display(description=gettext_lazy("why"))
def reason(permit: Permit) -> str:
    """Return why the permit needs a person."""
    return needs.reason(permit)


def of_list(request: HttpRequest) -> Columns:
    """Return the columns of a list; the last is the user's next step with each permit."""
    need = needs.chosen(request)

    @admin.display(description=gettext_lazy("next step"))
    def next_step(permit: Permit) -> SafeString | str:
        if need is None:
            steps = offers.in_a_row(permit, request.user)
        else:
            steps = offers.settling(permit, request.user, permit.last_call)  # type: ignore[attr-defined]
            if not steps and permit.state in (State.IN_DOUBT, State.MISSING):
                return _("A supervisor settles this.")
        return rows.buttons(steps, request.get_full_path())

    @admin.display(description=gettext_lazy("age"))
    def age(permit: Permit) -> str:
        return need.age(permit) if need else ""

    if need is not None:
        return plate_shown, zone_shown, period, standing, reason, age, next_step
    return plate_shown, zone_shown, "ticket_number", period, cost, standing, next_step
