"""How a permit is found by what is typed: a plate or a part of it, a ticket, a reference."""

from dataclasses import dataclass
from typing import Final

from django.db.models import F, Q, Value
from django.db.models.functions import Upper
from django.db.models.lookups import In

from permits import limits
from permits.models import Permit, Plate

_NAMED: Final = 2000  # plates found by a part that are named one by one


@dataclass(frozen=True)
class Found:
    """The permits that a search means, and whether permits that hold it as a part were left out."""

    where: Q  # of permits
    is_exact: bool

    def condition(self, permit: str) -> Q:
        """Return the condition for rows whose field `permit` is among them."""
        return Q(**{f"{permit}__in": Permit.objects.filter(self.where).order_by().values("pk")})


def find(search_term: str) -> Found:
    """Find permits by plate, whatever its spacing and dashes, ticket number or reference ID.

    The case of none of them matters.

    Where one is matched exactly only such are found. A part of a plate is looked for where none is,
    or where the search holds an asterisk; with one at its end alone, the part stands at the start.
    """
    text = search_term.replace("*", "").strip()
    key = limits.plate_key(text)
    # As the index has them. SQLite folds A to Z alone, so other letters are looked for in the cases
    # in which people write them.
    cases = {text, text.upper(), text.lower(), text.capitalize(), text.title()}
    tickets = [Upper(Value(each)) for each in sorted(cases)]
    exact = Q(In(Upper(F("ticket_number")), tickets))
    # The index on reference IDs leaves out the empty ones, so the query has to as well.
    exact |= Q(reference_id__in={text, text.lower()}) & ~Q(reference_id="")
    exact |= Q(plate_key=key) if key else Q()
    if "*" not in search_term and Permit.objects.filter(exact).exists():
        return Found(exact, is_exact=True)
    if not key:
        return Found(Q(pk__in=()), is_exact=False)
    is_start = search_term.strip().find("*") == len(search_term.strip()) - 1
    plates = Plate.objects.starting_with(key) if is_start else Plate.objects.holding(key)
    named = list(plates.values_list("key", flat=True)[: _NAMED + 1])
    if len(named) <= _NAMED:
        return Found(Q(plate_key__in=named), is_exact=False)
    # So many plates that the newest permits soon have a page of them.
    often = Q(plate_key__startswith=key) if is_start else Q(plate_key__contains=key)
    return Found(often, is_exact=False)
