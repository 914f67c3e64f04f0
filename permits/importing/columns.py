"""Tell which column of a file holds which field of a permit."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from permits.importing.unreadable import Unreadable
from permits.models import Permit

# Every name under which the controller takes a field. Source: the vendor's page on creating
# permits. The model's own names and labels come besides.
_CONTROLLER_NAMES: Final = {
    "plate": ("plate", "LicencePlate"),
    "start_time": ("startTime", "StartDateUtc"),
    "end_time": ("endTime", "EndDateUtc"),
    "amount": ("amount", "Amount"),
    "currency": ("currency", "CurrencyID"),
    "ticket_number": ("permitNo", "TicketNumber"),
    "zone": ("zone", "ParkingZoneName"),
}
REQUIRED: Final = ("plate", "start_time", "end_time")
REASON: Final = "Reason"  # the column that a file of failed rows has besides
MOST: Final = 500  # columns of a file
_BETWEEN_WORDS: Final = re.compile(r"[\s_\-]+")


def label(field: str) -> str:
    """Return a field's name as people know it."""
    return str(getattr(Permit._meta.get_field(field), "verbose_name", field)).capitalize()


@dataclass(frozen=True)
class Columns:
    """Where each field stands in a row."""

    header: tuple[str, ...]
    fields: dict[str, int]  # a permit's field -> the position of its column
    in_utc: frozenset[str]  # fields whose column is named as holding UTC

    @classmethod
    def of(cls, header: Sequence[str]) -> "Columns":
        """Match the first row of a file. Raises `Unreadable`."""
        if len(header) > MOST:
            raise Unreadable(f"The first row has {len(header)} columns; {MOST} are the most.")
        found = defaultdict(list)
        for position, name in enumerate(header):
            if field := _FIELDS.get(_plain(name)):
                found[field].append(position)
        _refuse_missing(header, found)
        for field, positions in found.items():
            if len(positions) > 1:
                names = " and ".join(f"“{header[position].strip()}”" for position in positions)
                raise Unreadable(
                    f"The columns {names} both hold the {label(field).lower()}. Remove one."
                )
        fields = {field: positions[0] for field, positions in found.items()}
        in_utc = {field for field in fields if _plain(header[fields[field]]).endswith("utc")}
        return cls(tuple(header), fields, frozenset(in_utc))

    @property
    def reason(self) -> int | None:
        """Where the reasons stand in a file of failed rows that has come back."""
        names = [_plain(name) for name in self.header]
        return names.index(_plain(REASON)) if _plain(REASON) in names else None

    @property
    def ignored(self) -> list[str]:
        """The names of the columns that mean nothing here."""
        known = {*self.fields.values(), self.reason}
        return [
            name.strip()
            for position, name in enumerate(self.header)
            if position not in known and name.strip()
        ]


def known(header: Sequence[str]) -> int:
    """Return how many of these names are known."""
    return sum(_plain(name) in _FIELDS for name in header)


def _plain(name: str) -> str:
    return _BETWEEN_WORDS.sub("", name.strip("\ufeff '\"")).casefold()


def _distinct(*names: str) -> tuple[str, ...]:
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(_plain(name), name)
    return tuple(kept.values())


NAMES: Final = {
    field: _distinct(label(field), field, *names) for field, names in _CONTROLLER_NAMES.items()
}
"""The names of each field; those that differ in case, blanks and underscores only are one."""

_FIELDS: Final = {_plain(name): field for field, names in NAMES.items() for name in names}


def _refuse_missing(header: Sequence[str], found: dict[str, list[int]]) -> None:
    missing = [field for field in REQUIRED if field not in found]
    if not missing:
        return
    words = " and ".join(
        f"the {label(field).lower()} (a column named {', '.join(NAMES[field])})"
        for field in missing
    )
    has = ", ".join(f"“{name.strip()[:40]}”" for name in header[:20] if name.strip())
    raise Unreadable(f"The file lacks {words}. Its first row has: {has}.")
