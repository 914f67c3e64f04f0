"""The filters of the list of permits."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import localize_input, sanitize_separators
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permits import limits, moments
from permits.admin.filters import (
    ChoiceFilter,
    EnumFilter,
    Input,
    InputsFilter,
    TypedFilter,
)
from permits.admin.needs import NEEDS, chosen
from permits.admin.time_filters import DayRangeFilter, midnight
from permits.form_fields import MomentField
from permits.models import Permit, Zone
from permits.models.permit import PermitQuerySet
from permits.models.validity import valid_during


class StateFilter(EnumFilter):
    """Where a permit stands, or that the controller holds it wherever else it stands."""

    title = _("state")
    parameter_name = "state"
    values = Permit.State
    held: Final = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every state, and what the controller holds."""
        states = super().lookups(request, model_admin)
        return [*states, (self.held, gettext("Held by controller"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow down to one state, or to what the controller holds."""
        if self.value() == self.held:
            return cast("PermitQuerySet", queryset).held_by_controller()
        return super().queryset(request, queryset)


class ZoneFilter(ChoiceFilter):
    """The permit's zone."""

    title = _("zone")
    parameter_name = "zone"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every zone, and none."""
        zones = [(str(pk), name) for pk, name in Zone.objects.values_list("pk", "name")]
        return [*zones, ("none", gettext("No zone"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Permit]) -> QuerySet[Permit]:
        """Narrow down to one zone."""
        chosen = self.value()
        if chosen == "none":
            return queryset.filter(zone=None)
        return queryset.filter(zone=int(chosen)) if chosen else queryset


class ValidityFilter(ChoiceFilter):
    """Whether a permit is valid now, later, or no more."""

    title = _("validity")
    parameter_name = "validity"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the three."""
        return [
            ("now", gettext("Valid now")),
            ("upcoming", gettext("Upcoming")),
            ("ended", gettext("Ended")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Permit]) -> QuerySet[Permit]:
        """Narrow down to one of the three."""
        now = timezone.now()
        match self.value():
            case "now":
                return valid_during(queryset.filter(withdrawn_at=None), now, now)
            case "upcoming":
                return queryset.filter(start_time__gt=now)
            case "ended":
                return queryset.filter(end_time__lte=now)
        return queryset


class ValidAtFilter(InputsFilter):
    """Which permits were valid at a moment, or will be."""

    title = _("valid at")
    parameters = ("valid_at",)

    def read(self, name: str, text: str) -> datetime | None:
        """Return the moment, on the staff's clock."""
        moment: datetime | None = MomentField(required=False).clean(text)
        return None if moment is None else limits.moment(moment)

    def inputs(self) -> list[Input]:
        """Ask for a day and a time."""
        moment = self.values.get("valid_at")
        shown = f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}" if moment else ""
        return [Input("valid_at", gettext("Valid at"), "datetime-local", shown)]

    @property
    def chip(self) -> str:
        """The moment, in words."""
        moment = self.values.get("valid_at")
        return moments.say(moment, timezone.now()) if moment else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Permit]) -> QuerySet[Permit]:
        """Narrow down to what was to be valid then, and was not withdrawn since."""
        if moment := self.values.get("valid_at"):
            return valid_during(queryset.filter(withdrawn_at=None), moment, moment)
        return queryset


class ValidDaysFilter(DayRangeFilter):
    """Which permits are valid at some time of these days."""

    title = _("valid between")
    is_further = True
    parameters = ("valid_from", "valid_to")

    def inputs(self) -> list[Input]:
        """Ask for the first and the last day."""
        return self.days(self.parameters, gettext("Valid from"), gettext("Valid to"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Permit]) -> QuerySet[Permit]:
        """Narrow down to what is valid on one of the days."""
        first, last = (self.values.get(name) for name in self.parameters)
        if first and last:
            ends = midnight(last + timedelta(days=1)) - timedelta(microseconds=1)
            return valid_during(queryset, midnight(first), ends)
        if first:
            return queryset.filter(end_time__gt=midnight(first))
        return (
            queryset.filter(start_time__lt=midnight(last + timedelta(days=1))) if last else queryset
        )


class EntryFilter(DayRangeFilter):
    """The days on which permits were entered."""

    title = _("entered")
    is_further = True
    parameters = ("entered_from", "entered_to")
    field = "entered_at"
    ordering = "-entered_at"

    def inputs(self) -> list[Input]:
        """Ask for the first and the last day."""
        return self.days(self.parameters, gettext("Entered from"), gettext("Entered to"))


class AmountFilter(InputsFilter):
    """From one amount to another, both included."""

    title = _("amount")
    parameters = ("amount_from", "amount_to")
    ordering = "-amount"

    def read(self, name: str, text: str) -> Decimal | None:
        """Return the amount."""
        return limits.amount(str(sanitize_separators(text)))

    def inputs(self) -> list[Input]:
        """Ask for the least and the most."""
        labels = (gettext("Amount from"), gettext("Amount to"))
        return [
            Input(name, label, "text", str(self._written(name) or ""), "decimal")
            for name, label in zip(self.parameters, labels, strict=True)
        ]

    @property
    def chip(self) -> str:
        """The amounts, in words."""
        return self.between(*(self._written(name) for name in self.parameters))

    def _written(self, name: str) -> str | None:
        """Return an amount as the page's language writes it."""
        return localize_input(self.values.get(name))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Permit]) -> QuerySet[Permit]:
        """Narrow down to the amounts."""
        for name, lookup in zip(self.parameters, ("amount__gte", "amount__lte"), strict=True):
            if name in self.values:
                queryset = queryset.filter(**{lookup: self.values[name]})
        return queryset


class EnteredByFilter(TypedFilter):
    """Who entered the permit."""

    title = _("entered by")
    parameter_name = "entered_by"
    field = "entered_by"
    is_further = True

    def suggestions(self) -> Iterable[tuple[str, str]]:
        """Suggest the users' names."""
        names = User.objects.order_by("username").values_list("username", flat=True)
        return [(name, "") for name in names]


class EditedFilter(DayRangeFilter):
    """Which permits somebody edited, on which days; both are said of the same edit."""

    title = _("edited")
    is_further = True
    parameters = ("edited_by", "edited_from", "edited_to")

    def read(self, name: str, text: str) -> Any:
        """Return the name, or the day."""
        return text.replace("\0", "") if name == "edited_by" else super().read(name, text)

    def inputs(self) -> list[Input]:
        """Ask for the person, and for the first and the last day."""
        name = Input("edited_by", gettext("Edited by"), "text", self.values.get("edited_by", ""))
        labels = (gettext("Edited from"), gettext("Edited to"))
        return [name, *self.days(self.parameters[1:], *labels)]

    @property
    def chip(self) -> str:
        """The person and the days, in words."""
        by, *days = (self.values.get(name) for name in self.parameters)
        return ", ".join(filter(None, [by, self.between(*days)]))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Permit]) -> QuerySet[Permit]:
        """Narrow down to the permits of such edits."""
        by, first, last = (self.values.get(name) for name in self.parameters)
        if not self.chip:
            return queryset
        edits = Permit.history.filter(history_type="~")
        if by:
            edits = edits.filter(actor=by)
        if first:
            edits = edits.filter(history_date__gte=midnight(first))
        if last:
            edits = edits.filter(history_date__lt=midnight(last + timedelta(days=1)))
        return queryset.filter(pk__in=edits.order_by().values("id"))


class NeedsFilter(ChoiceFilter):
    """What needs a person."""

    title = _("needs a person")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every kind."""
        return [(need.name, need.label) for need in NEEDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Permit]) -> QuerySet[Permit]:
        """Narrow down to one kind."""
        need = chosen(request)
        return need.among(queryset) if need else queryset  # type: ignore[arg-type]


ALL: Final = (  # in the order in which they stand above the list
    StateFilter,
    ZoneFilter,
    ValidityFilter,
    NeedsFilter,
    ValidAtFilter,
    ValidDaysFilter,
    EntryFilter,
    AmountFilter,
    EnteredByFilter,
    EditedFilter,
)
