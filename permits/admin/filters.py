"""The filters of a list, each drawn as one control of the bar above it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import ValidationError
from django.db.models import Choices, Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from permits.shown import shown

_SHOWN: Final = 50  # characters of what cannot be read


class ChoiceFilter(admin.SimpleListFilter):
    """One of a few values, chosen from a list."""

    control = "select"

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: Any,
    ) -> None:
        """Read the choice from the address; one that is not offered is none, and is told."""
        super().__init__(request, params, model, model_admin)
        self.problems: list[str] = []
        chosen = self.value()
        if chosen not in [value for value, _, _ in self.options]:
            self.used_parameters.clear()
            if chosen:
                self.problems = [_left_out(self.title, chosen, _("Choose one from the list."))]

    def has_output(self) -> bool:
        """Show the control even where there is nothing to choose yet."""
        return True

    @property
    def options(self) -> list[tuple[str, str, bool]]:
        """The values, their words, and whether each is chosen."""
        chosen = self.value()
        return [(str(v), str(words), str(v) == chosen) for v, words in self.lookup_choices]

    @property
    def chip(self) -> str:
        """What is chosen, in words; empty where nothing is."""
        return next((words for _, words, is_chosen in self.options if is_chosen), "")


class EnumFilter(ChoiceFilter):
    """One of an enumeration's values, held in the field that the parameter is named after."""

    values: ClassVar[type[Choices]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer every value."""
        return [(str(value), str(words)) for value, words in self.values.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow down to one value."""
        chosen = self.value()
        return queryset.filter(**{str(self.parameter_name): chosen}) if chosen else queryset


class TypedFilter(admin.ListFilter):
    """What a person types, with suggestions."""

    control = "text"
    is_further = False  # whether it stands among the filters that are unfolded
    parameter_name: ClassVar[str]
    field: ClassVar[str]  # what it is compared with

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: Any,
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.typed = params.pop(self.parameter_name, [""])[-1].replace("\0", "").strip()
        if self.typed:
            self.used_parameters[self.parameter_name] = self.typed

    def has_output(self) -> bool:
        """Always show the control."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """Return the names of the query's parameters."""
        return [self.parameter_name]

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Offer none: what is typed is free."""
        return iter(())

    def suggestions(self) -> Iterable[tuple[str, str]]:
        """Return values to suggest, each with its words."""
        return ()

    @property
    def chip(self) -> str:
        """What was typed."""
        return self.typed

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list down to what was typed."""
        return queryset.filter(**{self.field: self.typed}) if self.typed else queryset


@dataclass(frozen=True)
class Input:
    """One input of a filter that has several, or one of a special kind."""

    name: str
    label: str
    type: str  # as HTML names it
    value: str
    mode: str = ""  # the keys that a phone shows for it, as HTML names them


class InputsFilter(admin.ListFilter):
    """What is entered into one or more inputs; what cannot be read is left out, and is told."""

    control = "inputs"
    is_further = True  # it stands among the filters that are unfolded
    parameters: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: Any,
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.values: dict[str, Any] = {}
        self.problems: list[str] = []
        for name in self.parameters:
            text = params.pop(name, [""])[-1].strip()
            try:
                value = self.read(name, text) if text else None
            except (ValidationError, ValueError) as error:
                value = None
                why = (
                    " ".join(error.messages)
                    if isinstance(error, ValidationError)
                    else shown(str(error))
                )
                self.problems.append(_left_out(self.title, text, str(why)))
            if value is not None:
                self.values[name] = value
                self.used_parameters[name] = text

    def read(self, name: str, text: str) -> Any:
        """Return the value of an input; raises an error with a sentence where it cannot be read."""
        raise NotImplementedError

    def inputs(self) -> list[Input]:
        """Return what is to be filled in."""
        raise NotImplementedError

    def has_output(self) -> bool:
        """Always show the control."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """Return the names of the query's parameters."""
        return list(self.parameters)

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Offer none: anything can be entered."""
        return iter(())

    @staticmethod
    def between(first: Any, last: Any) -> str:
        """Return a range in words; empty where there is none."""
        if first is not None and first == last:
            return str(first)
        if first is not None and last is not None:
            return _("from %(first)s to %(last)s") % {"first": first, "last": last}
        if first is not None:
            return _("from %(first)s") % {"first": first}
        return "" if last is None else _("to %(last)s") % {"last": last}


@dataclass(frozen=True)
class InUse:
    """A filter, or the search, that narrows a list down."""

    label: str
    words: str
    parameters: Sequence[str | None]  # by which the address names it


def in_use(changelist: Any) -> list[InUse]:
    """Return what narrows a list down, the search first."""
    used = [
        InUse(str(spec.title), str(spec.chip), spec.expected_parameters())
        for spec in changelist.filter_specs
        if spec.chip
    ]
    if changelist.query:
        used.insert(0, InUse(_("search"), changelist.query, [SEARCH_VAR]))
    return used


def problems(changelist: Any) -> list[str]:
    """Return, in sentences, what the address asks for and the list leaves out."""
    found = [told for spec in changelist.filter_specs for told in getattr(spec, "problems", ())]
    return [*found, *changelist.problems]


def _left_out(title: Any, text: str, why: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    facts = {"title": capfirst(str(title)), "text": shown, "why": why}
    return _("%(title)s: “%(text)s” was left out. %(why)s") % facts
