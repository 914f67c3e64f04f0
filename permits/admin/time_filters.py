"""Filters by when something was: from one day to another, and from one time to another."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from permits import limits
from permits.admin.filters import Input, InputsFilter


class DayRangeFilter(InputsFilter):
    """From one local day to another, both included."""

    is_further = False
    parameters: ClassVar[tuple[str, ...]] = ("from", "to")
    field: ClassVar[str]

    def read(self, name: str, text: str) -> date:
        """Return the day; raises ValueError with a sentence."""
        return _day(text)

    def inputs(self) -> list[Input]:
        """Ask for the first and the last day."""
        return self.days(self.parameters, _("From"), _("To"))

    def days(self, names: Sequence[str], *labels: str) -> list[Input]:
        """Return the two inputs of these names under these labels."""
        return [
            Input(name, label, "date", str(self.values.get(name, "")))
            for name, label in zip(names, labels, strict=True)
        ]

    @property
    def chip(self) -> str:
        """The days, in words."""
        return self.between(*(self.values.get(name) for name in self.parameters))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down to the days."""
        first, last = (self.values.get(name) for name in self.parameters)
        if first:
            queryset = queryset.filter(**{f"{self.field}__gte": midnight(first)})
        if last:
            after = midnight(last + timedelta(days=1))
            queryset = queryset.filter(**{f"{self.field}__lt": after})
        return queryset


class TimeRangeFilter(InputsFilter):
    """From one time on to another, which is not included any more."""

    parameters = ("since", "until")
    field: ClassVar[str]

    def read(self, name: str, text: str) -> datetime:
        """Return the time; raises ValueError with a sentence.

        One that the staff's clock passes twice, with no word of which is meant, means both.
        """
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
        if moment is None or not limits.EARLIEST_YEAR <= moment.year <= limits.LATEST_YEAR:
            raise ValueError(_("Enter a day and a time, such as 2026-04-03T14:30."))
        if timezone.is_naive(moment):
            moment = timezone.make_aware(moment.replace(fold=int(name == self.parameters[1])))
        return moment

    def inputs(self) -> list[Input]:
        """Ask for both times."""
        labels = (_("Since"), _("Until"))
        return [self._input(*each) for each in zip(self.parameters, labels, strict=True)]

    def _input(self, name: str, label: str) -> Input:
        """Return the browser's own control, unless that cannot tell which of two times is meant."""
        moment = self.values.get(name)
        if moment is None:
            return Input(name, label, "datetime-local", "")
        local = timezone.localtime(moment)
        plain = f"{local:%Y-%m-%dT%H:%M}"
        if self.read(name, plain) == moment:
            return Input(name, label, "datetime-local", plain)
        return Input(name, label, "text", local.isoformat())

    @property
    def chip(self) -> str:
        """Both times, in words."""
        times = (self.values.get(name) for name in self.parameters)
        local = (moment and timezone.localtime(moment) for moment in times)
        return self.between(*(moment and f"{moment:%Y-%m-%d %H:%M %Z}" for moment in local))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down to the times."""
        first, end = (self.values.get(name) for name in self.parameters)
        if first:
            queryset = queryset.filter(**{f"{self.field}__gte": first})
        if end:
            queryset = queryset.filter(**{f"{self.field}__lt": end})
        return queryset


def _day(text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or not limits.EARLIEST_YEAR <= day.year <= limits.LATEST_YEAR:
        raise ValueError(_("Enter a day, such as 2026-04-03."))
    return day


def midnight(day: date) -> datetime:
    """Return when a day begins, on the staff's clock."""
    return timezone.make_aware(datetime.combine(day, time.min))
