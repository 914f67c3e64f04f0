"""What the sync history is narrowed down by: the filters above it, and its search box."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from permits import explain
from permits.admin import search
from permits.admin.filters import (
    ChoiceFilter,
    EnumFilter,
    TypedFilter,
)
from permits.admin.time_filters import DayRangeFilter, TimeRangeFilter
from permits.models import Operation, Source, SyncAttempt, Zone
from permits.models.attempt import SLOW_MS
from permits.shown import shown

CONTROLLERS: Final = 50  # offered at the most
SLOW_SECONDS: Final = (1, 2, 5, 10)
_NUMBER: Final = re.compile(r"(#?)([0-9]{1,18})")


def find(calls: QuerySet[Any], term: str) -> tuple[QuerySet[Any], bool]:
    """Return the calls that a search means, and whether calls it is a part of were left out.

    A number with a hash before it is an attempt's; a bare one may be a ticket, a plate or an
    attempt. Everything else is what the permits' own search makes of it, also of what a permit had
    at the time and has no more.
    """
    number = _NUMBER.fullmatch(term.strip())
    if number and number[1]:
        return calls.filter(pk=int(number[2])), False
    found = search.find(term, ever=True)
    meant = found.condition("permit")
    if found.is_often:
        return calls.filter(meant | Q(pk=int(number[2])) if number else meant), found.is_exact
    if number:
        of_permits = SyncAttempt.objects.filter(meant).order_by().values("pk")
        with_number = SyncAttempt.objects.filter(pk=int(number[2])).order_by().values("pk")
        meant = Q(pk__in=of_permits.union(with_number))
    return _begin_with(meant, calls), found.is_exact


def _begin_with(meant: Q, calls: QuerySet[Any]) -> QuerySet[Any]:
    """Return those of the calls that are meant, found by what is meant.

    SQLite, which knows no numbers of rows, would look for a plate's few calls among the millions of
    an outcome. So of each call that is meant it is asked whether it is among the others.
    """
    if connection.vendor != "sqlite":
        return calls.filter(meant)
    among = Exists(calls.order_by().filter(pk=OuterRef("pk")))
    found = SyncAttempt.objects.filter(meant, among).select_related("permit")
    return found.order_by(*calls.query.order_by)


class DaysFilter(DayRangeFilter):
    """The days on which calls were made."""

    title = _("days")
    field = "started_at"


class TimesFilter(TimeRangeFilter):
    """The times at which calls were made, which the pictures lead to."""

    title = _("times")
    field = "started_at"


class OperationFilter(EnumFilter):
    """What the controller was asked to do."""

    title = _("operation")
    parameter_name = "operation"
    values = Operation


class OutcomeFilter(EnumFilter):
    """What became of the call."""

    title = _("outcome")
    parameter_name = "outcome"
    values = SyncAttempt.Outcome


class SourceFilter(EnumFilter):
    """Through what the call was asked for."""

    title = _("asked through")
    parameter_name = "source"
    values = Source


class ZoneFilter(ChoiceFilter):
    """The zone that the permit had when the call was made."""

    title = _("zone")
    parameter_name = "zone"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every zone."""
        return [(str(pk), name) for pk, name in Zone.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow down to one zone."""
        chosen = self.value()
        return queryset.filter(zone=int(chosen)) if chosen else queryset


class NumberFilter(TypedFilter):
    """A whole number, also one that nobody suggests."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow down to one number; nothing has one that is no number, or a huge one."""
        if self.typed and not re.fullmatch(r"-?[0-9]{1,9}", self.typed):
            return queryset.none()
        return super().queryset(request, queryset)


class CodeFilter(NumberFilter):
    """The controller's error code, also one that is not documented."""

    title = _("error code")
    parameter_name = "code"
    field = "error_code"

    def suggestions(self) -> Iterable[tuple[str, str]]:
        """Suggest the documented codes, with their meaning."""
        return [(str(code), shown(known.meaning)) for code, known in explain.REFUSALS.items()]


class StatusFilter(NumberFilter):
    """The HTTP status that came."""

    title = _("HTTP status")
    parameter_name = "status"
    field = "http_status"

    def suggestions(self) -> Iterable[tuple[str, str]]:
        """Suggest those that the outcome of a call depends on."""
        return [
            (str(status.value), status.phrase)
            for status in HTTPStatus
            if status.value == HTTPStatus.OK or status.value >= HTTPStatus.MULTIPLE_CHOICES
        ]


class ActorFilter(TypedFilter):
    """Who asked for the call."""

    title = _("staff")
    parameter_name = "actor"
    field = "actor"

    def suggestions(self) -> Iterable[tuple[str, str]]:
        """Suggest the users' names."""
        return [
            (name, "")
            for name in User.objects.order_by("username").values_list("username", flat=True)
        ]


class ControllerFilter(ChoiceFilter):
    """The controller that the call went to: its address and the client code."""

    title = _("controller")
    parameter_name = "controller"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every controller that calls went to."""
        names = SyncAttempt.objects.controllers(CONTROLLERS)
        return [(name, name) if name else ("unknown", str(_("Not known"))) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow down to one controller."""
        chosen = self.value()
        if not chosen:
            return queryset
        return queryset.filter(controller="" if chosen == "unknown" else chosen)


class SlowFilter(ChoiceFilter):
    """How long the call took, at the least."""

    title = _("took")
    parameter_name = "took"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer a few lengths of time."""
        return [
            (str(seconds), str(_("%(seconds)s s or longer") % {"seconds": seconds}))
            for seconds in SLOW_SECONDS
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow down to the slow ones."""
        chosen = self.value()
        if not chosen:
            return queryset
        # The first condition is the index's own: SQLite compares it by its letters.
        return queryset.filter(duration_ms__gte=SLOW_MS).filter(duration_ms__gte=int(chosen) * 1000)
