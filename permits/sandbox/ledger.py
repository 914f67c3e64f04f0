"""What the sandbox holds and what it was asked: records, zones and requests.

Everything enters as an event, which is journalled first and applied second, by the same code that
applies it again after a restart. Events share one rising number.
"""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from permits.sandbox import rules
from permits.sandbox.journal import Journal, JournalError
from permits.sandbox.rules import Operation


@dataclass(frozen=True, slots=True)
class Details:
    """A record's fields, as they were sent."""

    plate: str
    start: str
    end: str
    amount: str | None = None
    currency: str | None = None
    ticket_number: str | None = None
    zone: str | None = None


class State(StrEnum):
    """What has become of a record."""

    LIVE = "live"
    DELETED = "deleted"
    LOST = "lost"


@dataclass(slots=True)
class Record:
    """One permit as the controller holds it."""

    reference: str
    details: Details
    disconnected: bool
    """Its zone's name matched none, so it is in no zone's total."""
    foreign: bool
    """Another client made it."""
    made_by: int
    created_at: str
    state: State = State.LIVE
    changed_by: list[int] = field(default_factory=list)
    updated_at: str | None = None
    deleted_by: int | None = None
    deleted_at: str | None = None

    @property
    def last_number(self) -> int:
        """The number of the latest event that touched it."""
        return max(self.made_by, self.deleted_by or 0, *self.changed_by[-1:])

    def as_json(self) -> dict[str, object]:
        """The record flat, as the inspection shows it."""
        flat = asdict(self)
        return {"reference": flat.pop("reference"), **flat.pop("details"), **flat}


class Ledger:
    """The state of one sandbox, with or without a journal behind it."""

    def __init__(self, zones: Iterable[str], journal: Journal | None = None) -> None:
        self._first_zones = list(zones)
        self._journal = journal
        self._forget()
        for event, line in journal.replay() if journal else ():
            try:
                self._apply(event, line)
            except (LookupError, TypeError, ValueError) as error:
                raise JournalError(
                    f"An event of the ledger cannot be read: {line!r:.200}"
                ) from error
        if self._opened_with != self._first_zones:
            self.commit({"kind": "opened", "zones": self._first_zones})

    def _forget(self) -> None:
        self.number = 0
        self.zones: list[str] = []
        self.records: dict[str, Record] = {}
        self._live: Counter[Details] = Counter()
        self._opened_with: list[str] | None = None
        self._lines: list[bytes] = []
        self._line_numbers: list[int] = []

    def commit(self, event: Mapping[str, object]) -> None:
        """Journal an event, then apply it; raises JournalError with nothing applied."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        numbered: dict[str, Any] = {"number": self.number + 1, "time": now, **event}
        line = json.dumps(numbered, separators=(",", ":")).encode()
        if self._journal is not None:
            self._journal.append(line)
        self._apply(numbered, line)

    def reset(self) -> None:
        """Forget everything, in the journal too; the zones are those it was started with."""
        if self._journal is not None:
            self._journal.clear()
        self._forget()
        self.commit({"kind": "opened", "zones": self._first_zones})

    # Questions

    def own(self, reference: str) -> Record | None:
        """The live record of this reference, if this client made it."""
        record = self.records.get(reference)
        if record is None or record.foreign or record.state is not State.LIVE:
            return None
        return record

    def holds(self, details: Details) -> bool:
        """Whether a live record has exactly these details."""
        return self._live[details] > 0

    def requests_since(self, number: int = 0) -> list[bytes]:
        """The requests after this number, oldest first, each as a JSON object."""
        return self._lines[bisect_right(self._line_numbers, number) :]

    @property
    def request_count(self) -> int:
        """How many requests were received."""
        return len(self._lines)

    def records_since(self, number: int = 0) -> Iterator[Record]:
        """The records touched after this number, oldest first."""
        return (record for record in self.records.values() if record.last_number > number)

    def totals(self, *, counts_expired: bool, now: datetime) -> Counter[tuple[str, str]]:
        """How many live records each of its zones holds, by zone and permit type."""
        floor = "" if counts_expired else now.strftime("%Y-%m-%dT%H:%M:%S")
        return Counter(
            (record.details.zone, permit_type(record.details))
            for record in self.records.values()
            if record.state is State.LIVE
            and not record.disconnected
            and record.details.zone is not None
            and record.details.end >= floor
        )

    # Events

    def _apply(self, event: Mapping[str, Any], line: bytes) -> None:
        self.number = event["number"]
        match event["kind"]:
            case "request":
                self._lines.append(line)
                self._line_numbers.append(self.number)
                if event["applied"]:
                    self._take_effect(event)
            case "added":
                for made in event["records"]:
                    self._add(made["reference"], Details(**made["details"]), event, foreign=True)
            case "lost":
                self._end(self.records[event["reference"]], event, State.LOST)
            case _:
                self._apply_to_zones(event)

    def _apply_to_zones(self, event: Mapping[str, Any]) -> None:
        match event["kind"]:
            case "opened":
                self._opened_with = list(event["zones"])
                for name in set(self.zones) - set(event["zones"]):
                    self._disconnect(name)
                self.zones = list(event["zones"])
            case "zone_added":
                self.zones.append(event["zone"])
            case "zone_renamed":
                self._rename(event["zone"], event["to"])
            case "zone_removed":
                self.zones.remove(event["zone"])
                self._disconnect(event["zone"])

    def _take_effect(self, event: Mapping[str, Any]) -> None:
        fields = rules.canonical(event["fields"])
        fields.pop("reference", None)
        match event["operation"]:
            case Operation.PUSH:
                self._add(event["reference"], Details(**fields), event, foreign=False)
            case Operation.UPDATE:
                record = self.records[event["reference"]]
                self._change(record, replace(record.details, **fields))
                record.updated_at = event["time"]
                record.changed_by.append(self.number)
            case Operation.DELETE:
                self._end(self.records[event["reference"]], event, State.DELETED)

    def _add(
        self, reference: str, details: Details, event: Mapping[str, Any], *, foreign: bool
    ) -> None:
        lost = details.zone is not None and details.zone not in self.zones
        self.records[reference] = Record(
            reference, details, lost, foreign, event["number"], event["time"]
        )
        self._live[details] += 1

    def _change(self, record: Record, details: Details) -> None:
        if record.state is State.LIVE:
            self._live[record.details] -= 1
            self._live[details] += 1
        record.details = details

    def _end(self, record: Record, event: Mapping[str, Any], state: State) -> None:
        self._live[record.details] -= 1
        record.state = state
        record.deleted_at = event["time"]
        record.deleted_by = event["number"]

    def _rename(self, zone: str, to: str) -> None:
        self.zones[self.zones.index(zone)] = to
        for record in self._in_zone(zone):
            self._change(record, replace(record.details, zone=to))
            record.changed_by.append(self.number)

    def _disconnect(self, zone: str) -> None:
        for record in self._in_zone(zone):
            record.disconnected = True
            record.changed_by.append(self.number)

    def _in_zone(self, zone: str) -> Iterator[Record]:
        return (
            record
            for record in self.records.values()
            if record.details.zone == zone and not record.disconnected
        )


def permit_type(details: Details) -> str:
    """`temp` for a permit of up to 24 hours, otherwise `standard`."""
    length = datetime.fromisoformat(details.end) - datetime.fromisoformat(details.start)
    return "temp" if length <= timedelta(hours=24) else "standard"
