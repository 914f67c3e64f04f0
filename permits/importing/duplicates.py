"""Find rows that are the same permit: earlier in the file, or here already.

Two permits are the same when plate, start, end and zone are, whatever the plate's spacing. A permit
that was imported also stays what its row asked for, whatever was changed in it since.
"""

import hashlib
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeAlias

from permits.importing.times import STAMP
from permits.models import ImportedPermit, Permit

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


def digest(key: Key) -> bytes:
    """Return what is kept of an imported row, to know it again."""
    return hashlib.blake2b(_text(key).encode(), digest_size=ImportedPermit.DIGEST).digest()


def _text(key: Key) -> str:
    plate, start, end, zone = key
    return f"{plate}\t{start}\t{end}\t{zone}"


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
        text = _text(key)
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
        found |= there | _imported_as(part - there.keys())
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


def _imported_as(keys: set[Key]) -> dict[Key, int]:
    """Return what became of the permits that were imported with these, where it is wanted.

    A permit that was replaced is what replaces it now.
    """
    by_digest = {digest(key): key for key in keys}
    imported = ImportedPermit.objects.filter(asked_for__in=by_digest)
    asked = {
        permit: by_digest[bytes(kept)]
        for kept, permit in imported.values_list("asked_for", "permit_id")
        if kept
    }
    found: dict[Key, int] = {}
    while asked:
        for pk in Permit.objects.wanted().filter(pk__in=asked).values_list("pk", flat=True):
            found[asked.pop(pk)] = pk
        successors = Permit.objects.filter(replaces__in=asked).values_list("pk", "replaces")
        asked = {pk: asked[replaced] for pk, replaced in successors if replaced}
    return found


def _stamp(moment: Any) -> str:
    return str(moment.astimezone(UTC).strftime(STAMP))
