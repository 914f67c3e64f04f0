"""Find rows that are the same permit: earlier in the file, or here already.

Two permits are the same when plate, start, end and zone are, whatever the plate's spacing.
"""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeAlias

from permits.importing.times import STAMP
from permits.models import Permit

AT_ONCE: Final = 1_000  # permits looked up in one query


Key: TypeAlias = tuple[str, str, str, int | None]
"""What two rows of one permit have in common: plate key, start, end, zone."""


class GoodRow(NamedTuple):
    """A row that can be written, each value as the database takes it."""

    line: int
    plate: str
    zone: int | None  # primary key
    ticket_number: str
    start_time: str  # UTC, as in `STAMP`
    end_time: str
    amount: str | None
    currency: str

    def shown(self, zones: dict[int, str]) -> dict[str, Any]:
        """Return the values as a person reads them; `zones` are names by primary key."""
        start, end = (
            datetime.strptime(text, STAMP).replace(tzinfo=UTC)
            for text in (self.start_time, self.end_time)
        )
        return {
            "line": self.line,
            "plate": self.plate,
            "zone": zones.get(self.zone, "") if self.zone else "",
            "ticket_number": self.ticket_number,
            "start_time": start,
            "end_time": end,
            "amount": None if self.amount is None else Decimal(self.amount),
            "currency": self.currency,
        }

    @property
    def key(self) -> Key:
        """What two rows of one permit have in common."""
        return plate_key(self.plate), self.start_time, self.end_time, self.zone


def plate_key(plate: str) -> str:
    """Return what two spellings of a plate have in common, of a plate in its stored form."""
    return plate.replace(" ", "").replace("-", "")


class Lines:
    """Remembers on which line each permit of a file stood first.

    It is kept on the disk, in a database that vanishes when closed: a million of them would not
    fit into constant memory.
    """

    def __enter__(self) -> Self:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA cache_size = -16000;"
            "CREATE TABLE seen (key TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID; BEGIN"
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._database.close()

    def first(self, key: Key, line: int) -> int | None:
        """Return the line of the same permit before; where there is none, remember this."""
        plate, start, end, zone = key
        text = f"{plate}\t{start}\t{end}\t{zone}"
        try:
            self._database.execute("INSERT INTO seen VALUES (?, ?)", (text, line))
        except sqlite3.IntegrityError:
            found = self._database.execute("SELECT line FROM seen WHERE key = ?", (text,))
            return int(found.fetchone()[0])
        return None


def already_there(keys: Iterable[Key]) -> dict[Key, int]:
    """Return the primary keys of the permits that are there, by what they have in common."""
    rest = iter(keys)
    found: dict[Key, int] = {}
    while part := set(islice(rest, AT_ONCE)):
        there = _already_there(part)
        found |= there | _changed_since(part - there.keys())
    return found


def _already_there(keys: set[Key]) -> dict[Key, int]:
    ends = [key[2] for key in keys]
    permits = (
        Permit.objects.filter(
            plate_key__in={key[0] for key in keys},
            end_time__range=(f"{min(ends)}+00:00", f"{max(ends)}+00:00"),
            withdrawn_at=None,
        )
        .exclude(state=Permit.State.DELETED)
        .order_by("-pk")
        .values_list("plate_key", "start_time", "end_time", "zone_id", "pk")
    )
    there: dict[Key, int] = {
        (plate, _stamp(start), _stamp(end), zone): pk for plate, start, end, zone, pk in permits
    }
    return {key: there[key] for key in keys & there.keys()}


def _changed_since(keys: set[Key]) -> dict[Key, int]:
    """Return the permits that were imported with these ends, and have another by now."""
    starts = {(plate, start, zone) for plate, start, _, zone in keys}
    if not starts:
        return {}
    first, last = min(key[1] for key in keys), max(key[1] for key in keys)
    imported = (
        Permit.objects.wanted()
        .filter(
            plate_key__in={key[0] for key in keys},
            start_time__range=(f"{first}+00:00", f"{last}+00:00"),
            imported__isnull=False,
        )
        .values_list("plate_key", "start_time", "zone_id", "pk")
    )
    alike = {
        pk: (plate, _stamp(start), zone)
        for plate, start, zone, pk in imported
        if (plate, _stamp(start), zone) in starts
    }
    entered = Permit.history.filter(id__in=alike, history_type="+").values_list("id", "end_time")
    found: dict[Key, int] = {}
    for pk, end in entered:
        plate, start, zone = alike[pk]
        if (key := (plate, start, _stamp(end), zone)) in keys:
            found[key] = pk
    return found


def _stamp(moment: Any) -> str:
    return str(moment.astimezone(UTC).strftime(STAMP))
