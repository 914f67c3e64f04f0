"""Pages by key: a page begins where another ended, so a deep one costs as much as the first.

A list is ordered by one column and, among equals, by primary key in the same direction; rows that
have nothing in the column come last. A page is asked for by the row before or after it: each row
has its place, whatever is added or removed meanwhile. Every query made here is an equality and a
range, which an index over the column and the primary key answers by reading one page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from django.core.exceptions import ValidationError
from django.db.models import F, Model, OrderBy, Q, QuerySet
from django.db.models.constants import LOOKUP_SEP

_AFTER_PK: Final = "~"


@dataclass(frozen=True)
class Place:
    """Where a row stands in a list: its value in the ordering column, and its primary key."""

    value: Any
    pk: Any


@dataclass(frozen=True)
class Order:
    """What a list is ordered by."""

    path: str  # of the column, as a query names it; `pk` where that alone decides
    descending: bool
    field: Any  # of the column
    pk_field: Any
    nullable: str = ""  # what is null where a row has nothing in the column; none where that cannot

    @classmethod
    def of(cls, rows: QuerySet[Any], name: str) -> Self:
        """Return the order by a field's or an annotation's name, after a dash the largest first.

        A relation is ordered by what its model is ordered by.
        """
        path, descending = name.removeprefix("-"), name.startswith("-")
        meta = rows.model._meta
        if path in ("pk", meta.pk.name):
            return cls("pk", descending, meta.pk, meta.pk)
        if path in rows.query.annotations:
            return cls(path, descending, rows.query.annotations[path].output_field, meta.pk)
        first, *steps = path.split(LOOKUP_SEP)
        field: Any = meta.get_field(first)
        nullable = first if field.null else ""
        for step in steps:
            field = field.related_model._meta.get_field(step)
        while field.is_relation:
            by = field.related_model._meta.ordering[0]
            path, descending = f"{path}__{by.removeprefix('-')}", descending != by.startswith("-")
            field = field.related_model._meta.get_field(by.removeprefix("-"))
        return cls(path, descending, field, meta.pk, nullable)

    def terms(self, *, backwards: bool = False) -> list[str]:
        """Return the ordering as a query takes it, within rows that have a value."""
        sign = "-" if self.descending != backwards else ""
        return [f"{sign}pk"] if self.path == "pk" else [f"{sign}{self.path}", f"{sign}pk"]

    def whole(self) -> list[Any]:
        """Return the ordering of all rows in one query."""
        if not self.nullable:
            return self.terms()
        by = OrderBy(F(self.path), descending=self.descending, nulls_last=True)
        return [by, *self.terms()[1:]]

    def place(self, row: Model) -> Place:
        """Return where a row stands."""
        value: Any = row
        for step in self.path.split(LOOKUP_SEP):
            value = getattr(value, step, None)
        return Place(value, row.pk)

    def stretches(self, start: Place | None, *, backwards: bool = False) -> Iterator[Q]:
        """Yield the parts of the list that lie beyond a place, in the list's order or backwards."""
        beyond = "lt" if self.descending != backwards else "gt"
        if self.path == "pk":
            yield Q() if start is None else Q(**{f"pk__{beyond}": start.pk})
            return
        none, some = self._is_null(True), self._is_null(False)
        if start is None:
            yield from (none, some) if backwards else (some, none)
            return
        among_equals = none if start.value is None else Q(**{self.path: start.value})
        yield among_equals & Q(**{f"pk__{beyond}": start.pk})
        if start.value is not None:
            yield Q(**{f"{self.path}__{beyond}": start.value})
        if (start.value is None) == backwards:
            yield some if backwards else none

    def _is_null(self, is_null: bool) -> Q:
        if not self.nullable:
            return Q(pk__in=()) if is_null else Q()
        # Of a relation this asks for the row itself: SQLite begins with it, where it decides.
        return Q(**{f"{self.nullable if is_null else self.path}__isnull": is_null})

    # --- A place as it stands in an address -------------------------------------------------------

    def write(self, place: Place) -> str:
        """Return a place as a text."""
        if self.path == "pk" or place.value is None:
            return str(place.pk)
        value = place.value
        text = value.isoformat() if isinstance(value, datetime) else str(value)
        return f"{place.pk}{_AFTER_PK}{text}"

    def read(self, text: str) -> Place | None:
        """Return the place that a text names, or nothing where it names none."""
        pk_text, has_value, value_text = text.partition(_AFTER_PK)
        needs_value = self.path != "pk" and not self.nullable
        if "\0" in text or (has_value and self.path == "pk") or (needs_value and not has_value):
            return None
        try:
            pk = _parse(self.pk_field, pk_text)
            value = _parse(self.field, value_text) if has_value else None
        except (ValidationError, ValueError, OverflowError):
            return None
        return None if pk is None else Place(value, pk)


def _parse(field: Any, text: str) -> Any:
    value = field.to_python(text)
    field.run_validators(value)
    if isinstance(value, datetime):
        # A database that keeps UTC cannot hold what lies beyond the calendar's ends there.
        return value.astimezone(UTC)
    return value


@dataclass(frozen=True)
class Page:
    """The rows of one page, and whether there are others before and after it."""

    rows: Sequence[Any]
    has_previous: bool
    has_next: bool


def first_page(rows: QuerySet[Any], order: Order, size: int) -> Page:
    """Return the first rows."""
    found = _take(rows, order, None, size + 1, backwards=False)
    return Page(found[:size], has_previous=False, has_next=len(found) > size)


def last_page(rows: QuerySet[Any], order: Order, size: int) -> Page:
    """Return the last rows."""
    found = _take(rows, order, None, size + 1, backwards=True)
    return Page(found[:size][::-1], has_previous=len(found) > size, has_next=False)


def page_after(rows: QuerySet[Any], order: Order, place: Place, size: int) -> Page:
    """Return the rows after a place; the last page where there are none any more."""
    found = _take(rows, order, place, size + 1, backwards=False)
    if not found:
        return last_page(rows, order, size)
    return Page(found[:size], has_previous=True, has_next=len(found) > size)


def page_before(rows: QuerySet[Any], order: Order, place: Place, size: int) -> Page:
    """Return the rows before a place; the first page where they do not fill one."""
    found = _take(rows, order, place, size + 1, backwards=True)
    if len(found) < size:
        return first_page(rows, order, size)
    return Page(found[:size][::-1], has_previous=len(found) > size, has_next=True)


def _take(
    rows: QuerySet[Any], order: Order, start: Place | None, most: int, *, backwards: bool
) -> list[Any]:
    """Return so many rows beyond a place, in the order in which they are met."""
    taken: list[Any] = []
    for stretch in order.stretches(start, backwards=backwards):
        part = rows.filter(stretch).order_by(*order.terms(backwards=backwards))
        taken += part[: most - len(taken)]
        if len(taken) == most:
            break
    return taken
