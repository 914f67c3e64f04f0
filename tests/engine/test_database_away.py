"""The database is away or busy just when the answer comes: the answer is not lost."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from permits import sync
from permits.models import Permit
from tests import environment
from tests.endings import OPERATIONS
from tests.engine.gate import Gate
from tests.engine.office import history, queued_for


@contextmanager
def impatient_with_the_database() -> Iterator[None]:
    """Let connections that are opened meanwhile give up on a busy SQLite soon."""
    options = connection.settings_dict["OPTIONS"]
    patience = options.get("timeout")
    if patience is not None:
        options["timeout"] = 0.1
    try:
        yield
    finally:
        if patience is not None:
            options["timeout"] = patience


def take_the_database_away(database: str) -> None:
    """Break every connection of PostgreSQL; let nobody write to SQLite for half a second."""
    if environment.ON_POSTGRES:
        with psycopg.connect(database, autocommit=True) as operator:
            operator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()
        return
    name = connection.settings_dict["NAME"]
    other = sqlite3.connect(name, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")

    def give_back() -> None:
        other.rollback()
        other.close()

    threading.Timer(0.5, give_back).start()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_answer_is_written_down_once_it_is_back(
    database: str, gate: Gate, operation: str
) -> None:
    permit = queued_for(operation)
    before = len(gate.requests)
    with impatient_with_the_database(), gate.held(lambda: sync.send(permit.pk)):
        take_the_database_away(database)
    permit.refresh_from_db()
    done = Permit.State.DELETED if operation == "delete" else Permit.State.SYNCED
    assert permit.state == done
    assert history(permit)[-1] == (operation, "succeeded")
    assert len(gate.requests) == before + 1
