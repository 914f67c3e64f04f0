"""Tell which column of a file holds which field of a permit."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from permits.importing.unreadable import Unreadable
from permits.shown import in_every_language, shown
from permits.stored import said

# Every name under which the controller takes a field. Source: the vendor's page on creating
# permits. The model's own names and labels come besides.
_CONTROLLER_NAMES: Final = {
    "plate": ("plate", "LicencePlate"),
    "start_time": ("startTime", "StartDateUtc"),
    "end_time": ("endTime", "EndDateUtc"),
    "amount": ("amount", "Amount"),  # English: the vendor's
    "currency": ("currency", "CurrencyID"),
    "ticket_number": ("permitNo", "TicketNumber"),
    "zone": ("zone", "ParkingZoneName"),
}
REQUIRED: Final = ("plate", "start_time", "end_time")
REASON: Final = said("Reason")  # the column that a file of failed rows has besides
MOST: Final = 500  # columns of a file
_BETWEEN_WORDS: Final = re.compile(r"[\s_\-]+")


_LABELS: Final = {
    "plate": said("plate"),
    "start_time": said("start"),
    "end_time": said("end"),
    "amount": said("amount"),
    "currency": said("currency"),
    "ticket_number": said("ticket number"),
    "zone": said("zone"),
}


def label(field: str) -> str:
    """Return a field's name as people know it, in English."""
    return _LABELS[field].capitalize()


def names(field: str) -> tuple[str, ...]:
    """Return the names that a field's column may have, that of the page's language first."""
    return _distinct(shown(_LABELS[field]).capitalize(), *NAMES[field])


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
            raise Unreadable(
                said("The first row has %(count)s columns; %(most)s are the most.")
                % {"count": len(header), "most": MOST}
            )
        found = defaultdict(list)
        for position, name in enumerate(header):
            if field := _fields().get(_plain(name)):
                found[field].append(position)
        _refuse_missing(header, found)
        for field, positions in found.items():
            if len(positions) > 1:
                one, other = (f"“{header[position].strip()}”" for position in positions[:2])
                raise Unreadable(
                    said("The columns %(one)s and %(other)s both hold the %(field)s. Remove one.")
                    % {"one": one, "other": other, "field": label(field).lower()}
                )
        fields = {field: positions[0] for field, positions in found.items()}
        in_utc = {field for field in fields if _plain(header[fields[field]]).endswith("utc")}
        return cls(tuple(header), fields, frozenset(in_utc))

    @property
    def reason(self) -> int | None:
        """Where the reasons stand in a file of failed rows that has come back."""
        positions = enumerate(_plain(name) for name in self.header)
        return next((position for position, name in positions if name in _reasons()), None)

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
    return sum(_plain(name) in _fields() for name in header)


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


@cache
def _fields() -> dict[str, str]:
    """Return the field of each name, those of every language included."""
    found = {_plain(name): field for field, names in NAMES.items() for name in names}
    for field, english in _LABELS.items():
        found |= dict.fromkeys(map(_plain, in_every_language(english)), field)
    return found


@cache
def _reasons() -> set[str]:
    return set(map(_plain, in_every_language(REASON)))


def _refuse_missing(header: Sequence[str], found: dict[str, list[int]]) -> None:
    missing = [field for field in REQUIRED if field not in found]
    if not missing:
        return
    told = {
        1: said("The file lacks %(first)s. Its first row has: %(has)s."),
        2: said("The file lacks %(first)s and %(second)s. Its first row has: %(has)s."),
        3: said(
            "The file lacks %(first)s and %(second)s and %(third)s. Its first row has: %(has)s."
        ),
    }
    columns = (
        said("the %(field)s (a column named %(names)s)")
        % {"field": label(field).lower(), "names": ", ".join(NAMES[field])}
        for field in missing
    )
    has = ", ".join(f"“{name.strip()[:40]}”" for name in header[:20] if name.strip())
    facts = dict(zip(("first", "second", "third"), columns, strict=False))
    raise Unreadable(told[len(missing)] % {**facts, "has": has})
