"""Who changed what of a permit and when, read from the records of its edits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from permits import moments
from permits.models import Permit, Zone

FIELD_NAMES: Final[dict[str, Any]] = {
    "plate": _("Plate"),
    "zone": _("Zone"),
    "ticket_number": _("Ticket number"),
    "start_time": _("Start"),
    "end_time": _("End"),
    "amount": _("Amount"),
    "currency": _("Currency"),
}


@dataclass(frozen=True)
class Change:
    """One field of one edit, in words; empty where there was nothing."""

    field: str
    before: str
    after: str

    @property
    def name(self) -> str:
        """The field's name as people know it."""
        return str(FIELD_NAMES[self.field])


@dataclass(frozen=True)
class Edit:
    """One saving of a permit by one person."""

    actor: str  # empty: the portal itself
    at: datetime
    is_first: bool
    version: int
    changes: tuple[Change, ...]

    def in_words(self) -> str:
        """Return the changes as one phrase: `end from today 14:00 to today 16:00, amount …`."""
        told = gettext("%(field)s from %(before)s to %(after)s")
        nothing = gettext("nothing")
        return ", ".join(
            told
            % {
                "field": change.name.lower(),
                "before": change.before or nothing,
                "after": change.after or nothing,
            }
            for change in self.changes
        )


def of_permit(permit: Permit) -> list[Edit]:
    """Return a permit's edits, the newest first. Takes two queries, whatever their number."""
    return of_records(list(permit.history.order_by("-history_id")), before=None)


def of_records(records: Sequence[Any], before: Any) -> list[Edit]:
    """Return the edits of records, the newest first; `before` is the record before the oldest."""
    older = [*records[1:], before]
    known = (record for record in (*records, before) if record and record.zone_id)
    zones = _zone_names({record.zone_id for record in known})
    return [
        Edit(
            actor=record.actor,
            at=record.history_date,
            is_first=record.history_type == "+",
            version=record.version,
            changes=tuple(_changes(previous, record, zones)) if previous else (),
        )
        for record, previous in zip(records, older, strict=bool(records))
    ]


def value_in_words(field: str, value: Any) -> str:
    """Return a field's value as people say it; empty for nothing."""
    match value:
        case None | "":
            return ""
        case datetime():
            return moments.say(value, timezone.now(), exact=True)
        case Decimal():
            return str(number_format(value, 2))
    return str(value)


def _changes(before: Any, after: Any, zones: dict[int, str]) -> Iterable[Change]:
    for field in Permit.STAFF_FIELDS:
        values = [
            zones.get(record.zone_id, "") if field == "zone" else getattr(record, field)
            for record in (before, after)
        ]
        if values[0] != values[1]:
            yield Change(field, *(value_in_words(field, value) for value in values))


def _zone_names(ids: set[int]) -> dict[int, str]:
    """Return the names of zones, the last known one for a zone that was deleted since."""
    names = dict(Zone.objects.filter(pk__in=ids).values_list("pk", "name"))
    if gone := ids - names.keys():
        records = Zone.history.filter(id__in=gone).order_by("history_id")
        names |= dict(records.values_list("id", "name"))
    return names
