"""Link what was written before there were chains, in the order in which it happened."""

import heapq
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from permits import digests
from permits.models.chain import NO_LINK, Entry, Stream, extend, head_proof, stream_chain

PAGE = 500  # permits at a time

# As the models name them at this step.
OPENED = (
    *("permit_id", "batch_id", "zone_id", "controller", "operation", "actor", "source"),
    *("trace", "started_at", "request"),
)
CLOSED = (
    *("outcome", "finished_at", "duration_ms", "http_status"),
    *("response", "response_length", "error_code", "error_message"),
)
DECISION = ("permit_id", "attempt_id", "verdict", "reference_id", "reason", "actor", "decided_at")
ACTIVITY = ("kind", "actor", "what", "details", "address", "at")
EDIT = ("actor", "history_date", "history_type", "history_change_reason")
PERMIT = (
    *("id", "plate", "zone_id", "ticket_number", "start_time", "end_time", "amount"),
    *("currency", "version", *EDIT),
)
ZONE = ("id", "name", *EDIT)


class Event(NamedTuple):
    at: datetime
    kind: str
    fields: tuple[str, ...]
    record: Any


def link(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    model = lambda name: apps.get_model("permits", name)  # noqa: E731
    last = 0
    while ids := _permits(model, last):
        within = {"gt": last, "lte": ids[-1]}
        _link_permits(model, within)
        last = ids[-1]
    counts = model("SyncAttempt").objects.filter(permit=None, opened_link=None)
    _link_days(model, Stream.COUNTS, _merged_calls(counts.order_by("pk").iterator()))
    told = model("Activity").objects.filter(link=None).order_by("pk").iterator()
    _link_days(model, Stream.ACTIVITY, (Event(x.at, "activity", ACTIVITY, x) for x in told))
    zones = model("HistoricalZone").objects.filter(link=None).order_by("pk").iterator()
    edits = (Event(x.history_date, "edit of a zone", ZONE, x) for x in zones)
    _link_days(model, Stream.ZONES, edits)


def _permits(model: Any, last: int) -> list[int]:
    found: set[int] = set()
    for name, field in (("SyncAttempt", "permit_id"), ("Decision", "permit_id"), ("HistoricalPermit", "id")):
        rows = model(name).objects.filter(**{f"{field}__gt": last}).order_by(field)
        found |= set(rows.values_list(field, flat=True).distinct()[:PAGE])
    return sorted(found)[:PAGE]


def _link_permits(model: Any, within: dict[str, int]) -> None:
    def rows(name: str, field: str) -> Any:
        chosen = {f"{field}__{how}": number for how, number in within.items()}
        return model(name).objects.filter(**chosen).order_by(field, "pk")

    calls = groupby(rows("SyncAttempt", "permit_id"), attrgetter("permit_id"))
    decisions = groupby(rows("Decision", "permit_id"), attrgetter("permit_id"))
    edits = groupby(rows("HistoricalPermit", "id"), attrgetter("id"))
    of: dict[int, list[list[Event]]] = {}
    for permit, found in calls:
        of.setdefault(permit, []).append(list(_calls(found)))
    for permit, found in decisions:
        events = [Event(x.decided_at, "decision", DECISION, x) for x in found]
        of.setdefault(permit, []).append(events)
    for permit, found in edits:
        of.setdefault(permit, []).append([Event(x.history_date, "edit", PERMIT, x) for x in found])
    for permit, kinds in of.items():
        # Each kind stays in its own order; between them the time decides.
        _link_chain(model, permit, heapq.merge(*kinds, key=attrgetter("at")))


def _calls(calls: Iterable[Any]) -> Iterator[Event]:
    for call in calls:
        yield Event(call.started_at, "call opened", OPENED, call)
        if call.finished_at is not None:
            yield Event(call.finished_at, "call closed", CLOSED, call)


def _merged_calls(calls: Iterable[Any]) -> Iterator[Event]:
    """Counts belong to the day on which they were asked for, also where they ended on the next."""
    for event in _calls(calls):
        yield event._replace(at=event.record.started_at)


def _link_days(model: Any, stream: Stream, events: Iterable[Event]) -> None:
    days: dict[int, list[Event]] = {}
    for event in events:
        days.setdefault(stream_chain(stream, event.at.astimezone(UTC)), []).append(event)
    for chain, of_day in days.items():
        _link_chain(model, chain, of_day)


def _link_chain(model: Any, chain: int, events: Iterable[Event]) -> None:
    if model("Chain").objects.filter(pk=chain).exists():
        return  # it was begun between these steps, as on a developer's machine
    head = NO_LINK
    for event in events:
        record = event.record
        fields = [(name, getattr(record, name)) for name in event.fields]
        if event.kind == "call closed":
            fields.insert(0, ("opened_link", record.opened_link))
        (made,), head = extend(chain, [Entry(event.kind, digests.fields(fields))], head)
        names = ("opened_link", "opened_digest") if event.kind == "call opened" else ("link", "digest")
        for name, value in zip(names, (made.number, made.digest), strict=True):
            setattr(record, name, value)
        record.save(update_fields=names)
    if head.length:
        model("Chain").objects.create(
            pk=chain, length=head.length, head=head.digest, proof=head_proof(chain, head)
        )


class Migration(migrations.Migration):
    dependencies = [("permits", "0013_archives")]

    operations = [migrations.RunPython(link, migrations.RunPython.noop, elidable=True)]
