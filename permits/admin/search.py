"""How a permit is found by what is typed: a plate or a part of it, a ticket, a reference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Upper
from django.db.models.lookups import In

from permits import limits
from permits.models import Decision, Permit, Plate
from permits.models.plate import PlateKey

_NAMED: Final = 2000  # plates found by a part that are named one by one

_PermitEdit: Any = Permit.history.model


@dataclass(frozen=True)
class Found:
    """The permits that a search means, and whether permits that hold it as a part were left out."""

    where: Q  # of permits
    is_exact: bool
    before: Sequence[QuerySet[Any]] = ()  # further permits, by their primary keys
    is_often: bool = False  # so many are meant that a list in its own order soon has a page of them

    def condition(self, permit: str) -> Q:
        """Return the condition for rows whose field `permit` is among them."""
        permits = Permit.objects.filter(self.where).order_by()
        if self.is_often:
            return Q(Exists(permits.filter(pk=OuterRef(permit))))
        return Q(**{f"{permit}__in": permits.values("pk").union(*self.before)})


def find(search_term: str, *, ever: bool = False) -> Found:
    """Find permits by plate, whatever its spacing and dashes, ticket number or reference ID.

    The case of none of them matters. What a permit had before it was edited or pushed anew counts
    too where it is asked what it `ever` had.

    Where one is matched exactly only such are found. A part of a plate is looked for where none is,
    or where the search holds an asterisk; with one at its end alone, the part stands at the start.
    """
    text = search_term.replace("*", "").strip()
    key = limits.plate_key(text)
    # As the index has them. SQLite folds A to Z alone, so other letters are looked for in the cases
    # in which people write them.
    cases = {text, text.upper(), text.lower(), text.capitalize(), text.title()}
    has_ticket = Q(In(Upper(F("ticket_number")), [Upper(Value(each)) for each in sorted(cases)]))
    # The index on reference IDs leaves out the empty ones, so the query has to as well.
    has_reference = Q(reference_id__in={text, text.lower()}) & ~Q(reference_id="")
    exact = has_ticket | has_reference | (Q(plate_key=key) if key else Q())
    edited = has_ticket | (_had_plate(key) if key else Q())
    before = [_edited(edited), _decided(has_reference)] if ever else []
    if "*" not in search_term and _is_any(Permit.objects.filter(exact), *before):
        return Found(exact, is_exact=True, before=before)
    if not key:
        return Found(Q(pk__in=()), is_exact=False)
    is_start = search_term.strip().find("*") == len(search_term.strip()) - 1
    plates = Plate.objects.starting_with(key) if is_start else Plate.objects.holding(key)
    named = list(plates.values_list("key", flat=True)[: _NAMED + 1])
    if len(named) <= _NAMED:
        before = [_edited(_had_plate(*named))] if ever and named else []
        return Found(Q(plate_key__in=named), is_exact=False, before=before)
    often = Q(plate_key__startswith=key) if is_start else Q(plate_key__contains=key)
    return Found(often, is_exact=False, is_often=True)


def _had_plate(*keys: str) -> Q:
    return Q(In(PlateKey(F("plate")), keys))


def _edited(where: Q) -> QuerySet[Any]:
    """Return the permits that were once entered or edited so."""
    edits: QuerySet[Any] = _PermitEdit.objects.filter(where).order_by().values("id")
    return edits


def _decided(where: Q) -> QuerySet[Any]:
    """Return the permits about whose record of this reference ID something was decided."""
    return Decision.objects.filter(where).order_by().values("permit_id")


def _is_any(*found: QuerySet[Any]) -> bool:
    return any(rows.exists() for rows in found)
