"""A history of each kind of record, and the database's owner who tampers with it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings
from time_machine import Traveller

from permits import proof, sync
from permits.models import Activity, Permit, Source, SyncAttempt, Zone
from tests.database import unguarded
from tests.engine.gate import Gate
from tests.engine.office import LATER, edit, push, send, withdraw
from tests.raw_server import RawServer
from tests.sandbox_server import Sandbox

Sql = Callable[..., None]


@dataclass(frozen=True)
class Story:
    """What happened: a permit's whole life, one that still stands, counts, activity, zones."""

    permit: Permit
    standing: Permit
    counts: SyncAttempt


@pytest.fixture(autouse=True)
def _everything_is_written_for_good(database: None) -> None:
    """Give every test of the proof the database."""


@pytest.fixture
def story(sandbox: Sandbox) -> Story:
    permit = push()
    edit(permit, end_time=LATER)
    sandbox.fault("error", code=9005, message="The end time is invalid.")
    send(permit)
    send(permit)
    withdraw(permit, "The driver has left.")
    sync.send(permit.pk)
    standing = push()
    sync.pull_counts(actor="", source=Source.SHELL)
    Zone.objects.create(name="Lot 5")
    for number in range(3):
        Activity.note(kind=Activity.Kind.EXPORTED, actor="auditor", what=f"List {number}")
    return Story(permit, standing, SyncAttempt.objects.get(permit=None))


@pytest.fixture
def sql() -> Sql:
    """Run a statement as the database's owner can, with no trigger in the way."""

    def run(statement: str, *parameters: Any) -> None:
        with unguarded(), connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            assert cursor.rowcount, f"Nothing was tampered with: {statement}"

    return run


def problems() -> Sequence[str]:
    """What a verification finds."""
    found: Sequence[str] = proof.verify("").problems
    return found


def copied(table: str, key: str, pk: int, **changes: object) -> str:
    """The statement that adds a copy of a row, with other values here and there."""
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    columns = [column.name for column in described if column.name != key]
    values = ", ".join(str(changes.get(column, column)) for column in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "
        f"SELECT {values} FROM {table} WHERE {key} = {pk}"
    )


@pytest.fixture
def gate(settings: Settings) -> Iterator[Gate]:
    """A controller that answers when it is told to."""
    gate = Gate()
    with RawServer(gate.act) as server:
        settings.OPSCOM_URL = server.url
        yield gate


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(datetime(2026, 11, 23, 8, tzinfo=UTC), tick=False) as clock:
        yield clock
