"""A database that tests write to for good: the engine makes no call inside a transaction."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from typing import Any, Final

import environ
import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import Error, connection, connections, transaction
from pytest_django import DjangoDbBlocker

from permits import sync
from tests import environment
from tests.once import Migrated

MADE_BY_MIGRATING: Final = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
    "django_migrations",
}
_kept: Final[dict[str, Any]] = {}
"""Connections that wait for the next test, by the name of their database."""


@pytest.fixture(scope="session")
def migrated_database(migrated: Migrated) -> Iterator[str]:
    """The address of the one such database of the session. Tests ask for `database`."""
    url = migrated.database("written_for_good")
    if environment.ON_POSTGRES:
        yield url
        return
    # SQLite tidies up whenever the last connection closes; so that is not after every test.
    with closing(sqlite3.connect(_name(url))) as last:
        last.execute("SELECT COUNT(*) FROM django_migrations").fetchone()
        yield url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, migrated: Migrated
) -> None:
    """Put such a database where pytest-django makes its own."""
    migrated.copy(connection.creation._get_test_db_name())  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Have pytest-django take the database that is there."""
    return True


@pytest.fixture
def database(migrated_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database as migrating has left it, for any number of threads and processes; its address.

    `empty` deletes what a test leaves; pytest-django's `transactional_db` would truncate all.
    """
    with django_db_blocker.unblock(), connected_to(migrated_database, again=True):
        sync.resume("")  # also forgets the failures that the test before has seen
        yield migrated_database
        models = apps.get_models(include_auto_created=True)
        empty({model._meta.db_table for model in models} - MADE_BY_MIGRATING)


@contextmanager
def connected_to(url: str, *, again: bool = False) -> Iterator[None]:
    """Point this process's models to the database at this address, as it may be done `again`."""
    elsewhere = connection.settings_dict["NAME"]
    _connect_to(_name(url))
    try:
        yield
    finally:
        if again and connection.vendor == "postgresql":
            _keep()
        _connect_to(elsewhere)


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    if name in _kept:
        connections["default"] = _kept.pop(name)
    ContentType.objects.clear_cache()  # the other database may number them differently


def _keep() -> None:
    """Put the connection by with nothing of this test left in it but what the driver has prepared.

    Each new one is a process of PostgreSQL's, which has to learn all tables first. That the
    prepared statements were discarded as well the driver would not notice the second time.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "CLOSE ALL; RESET ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD TEMP"
            )
        connection.ensure_timezone()
    except Error:  # it is closed, as any other
        return
    _kept[connection.settings_dict["NAME"]] = connections["default"]
    connections["default"] = connections.create_connection("default")


def pytest_sessionfinish() -> None:
    """Close what no test waits for any more."""
    for kept in _kept.values():
        kept.close()


def _name(url: str) -> str:
    return str(environ.Env.db_url_config(url)["NAME"])


def empty(tables: Collection[str]) -> None:
    """Delete row by row what stands in these tables, in one transaction.

    A test has touched a few of them. One question finds which, where a command for each of them, or
    PostgreSQL's truncating of all, would take many times as long.
    """
    question = "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM \"{0}\")"
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(question.format(table) for table in sorted(tables)))
        written = [table for (table,) in cursor.fetchall()]
    if written:
        with unguarded(), connection.cursor() as cursor:
            for table in written:
                cursor.execute(f'DELETE FROM "{table}"')


@contextmanager
def unguarded() -> Iterator[None]:
    """Have the triggers look away in one transaction, as only the database's owner can.

    SQLite's are dropped and created again from their own words, which takes 5 ms; to describe every
    table anew, as `guards.put_up` does, took 58 at the end of every test.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master "
                "WHERE type = 'trigger' AND name LIKE 'guard!_%%' ESCAPE '!'"
            )
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
        yield
        with connection.cursor() as cursor:
            for _, sql in triggers:
                cursor.execute(sql)
