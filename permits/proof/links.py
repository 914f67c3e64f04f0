"""The links of one chain, read back from the records that carry them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Model, QuerySet

from permits.models import Activity, Decision, Permit, SyncAttempt, Zone
from permits.models.chain import Entry, Stream, stream_of
from permits.stored import said

PermitEdit: Any = Permit.history.model
ZoneEdit: Any = Zone.history.model
# What is in permits' chains, and what names the permit.
OF_PERMITS: Final[Sequence[tuple[Any, str]]] = (
    (Decision, "permit_id"),
    (SyncAttempt, "permit_id"),
    (PermitEdit, "id"),
)


@dataclass(frozen=True)
class Carried:
    """A link as its record carries it, and the record as people know it."""

    number: int | None
    digest: bytes | None
    entry: Entry
    record: str  # "sync attempt 12"
    key: int
    at: datetime
    other: Entry | None = None  # what the link may be over instead

    @property
    def said(self) -> str:
        """Name the record and when it was written."""
        return said("%(record)s of %(utc)s UTC") % {
            "record": self.record,
            "utc": f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        }


def of_permits(low: int, high: int | None) -> Iterator[tuple[int, list[Carried]]]:
    """Return each chain of permits above `low` to `high` that any record names, in order."""
    return _merged({"gt": low} if high is None else {"gt": low, "lte": high})


def of_these_permits(chains: Sequence[int]) -> Iterator[tuple[int, list[Carried]]]:
    """Return these chains of permits, those that any record names, in order."""
    return _merged({"in": chains})


def of_stream(chain: int) -> list[Carried]:
    """Return the links that the records of a stream's day carry."""
    return [link for record in of_day(chain).iterator() for link in carried(record)]


def any_of_stream(chain: int) -> bool:
    """Whether there is any record of a stream's day."""
    return of_day(chain).exists()


def next_day(stream: Stream, after: datetime) -> datetime | None:
    """Return when the first record of a stream from this moment on was written."""
    records, field = _stream(stream)
    earliest = records.filter(**{f"{field}__gte": after}).order_by(field)
    found: datetime | None = earliest.values_list(field, flat=True).first()
    return found


def of_day(chain: int) -> QuerySet[Any]:
    """Return the records of a stream's day, in the order in which they were written."""
    stream, day = stream_of(chain)
    first = datetime.combine(day, time(), UTC)
    records, field = _stream(stream)
    within = {f"{field}__gte": first, f"{field}__lt": first + timedelta(days=1)}
    return records.filter(**within).order_by("pk")


def _stream(stream: Stream) -> tuple[QuerySet[Any], str]:
    match stream:
        case Stream.COUNTS:
            return SyncAttempt.objects.filter(permit=None), "started_at"
        case Stream.ACTIVITY:
            return Activity.objects.all(), "at"
        case Stream.ZONES:
            return ZoneEdit.objects.all(), "history_date"


def _merged(which: Mapping[str, Any]) -> Iterator[tuple[int, list[Carried]]]:
    """Bring together what belongs to one permit; only one permit's links are held at a time."""
    streams = []
    for model, field in OF_PERMITS:
        within = {f"{field}__{lookup}": value for lookup, value in which.items()}
        records = model._default_manager.filter(**within).order_by(field)
        streams.append(_Ahead(records.iterator(chunk_size=_CHUNK), field))
    while True:
        waiting = [each.chain for each in streams if each.chain is not None]
        if not waiting:
            return
        chain = min(waiting)
        links = [
            link for stream in streams for record in stream.take(chain) for link in carried(record)
        ]
        yield chain, links


_CHUNK: Final = 500


class _Ahead:
    """Records in the order of their permits, of which the next is known."""

    def __init__(self, records: Iterable[Any], field: str) -> None:
        self._records, self._field = iter(records), field
        self._step()

    def _step(self) -> None:
        self._next = next(self._records, None)
        self.chain = None if self._next is None else int(getattr(self._next, self._field))

    def take(self, chain: int) -> Iterator[Any]:
        while self.chain == chain:
            yield self._next
            self._step()


def carried(record: Model) -> list[Carried]:
    """Return the links that a record carries."""
    match record:
        case SyncAttempt():
            return _of_attempt(record)
        case Decision():
            name, at = said("decision %(number)s") % {"number": record.pk}, record.decided_at
        case Activity():
            name, at = said("activity %(number)s") % {"number": record.pk}, record.at
        case PermitEdit():
            name, at = said("edit %(number)s") % {"number": record.pk}, record.history_date
        case ZoneEdit():
            name, at = (
                said("edit of a zone %(number)s") % {"number": record.pk},
                record.history_date,
            )
        case _:
            raise TypeError(f"{record!r} is no record of the history.")
    digest = None if record.digest is None else bytes(record.digest)
    return [Carried(record.link, digest, record.entry(), name, record.pk, at)]


def _of_attempt(attempt: SyncAttempt) -> list[Carried]:
    name = said("sync attempt %(number)s") % {"number": attempt.pk}
    opened = Carried(
        attempt.opened_link,
        None if attempt.opened_digest is None else bytes(attempt.opened_digest),
        attempt.opening(),
        said("%(name)s (its beginning)") % {"name": name},
        attempt.pk,
        attempt.started_at,
    )
    if attempt.finished_at is None:
        return [opened]
    closed = Carried(
        attempt.link,
        None if attempt.digest is None else bytes(attempt.digest),
        attempt.closing(),
        said("%(name)s (its end)") % {"name": name},
        attempt.pk,
        attempt.finished_at,
        attempt.unnumbered_closing(),
    )
    return [opened, closed]
