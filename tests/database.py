"""A database that tests write to for good: the engine makes no call inside a transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

import environ
import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from permits import sync
from tests import environment


@pytest.fixture(scope="session")
def migrated_database(django_db_blocker: DjangoDbBlocker) -> str:
    """The address of the one such database of the session. Tests ask for `database`."""
    url = environment.database_url("written_for_good")
    with django_db_blocker.unblock(), connected_to(url):
        call_command("migrate", verbosity=0)
    return url


@pytest.fixture
def database(migrated_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database as migrating has left it, for any number of threads and processes; its address.

    What a test leaves is deleted row by row, which on PostgreSQL takes a tenth of the time that
    pytest-django's `transactional_db` needs to truncate every table.
    """
    with django_db_blocker.unblock(), connected_to(migrated_database):
        sync.resume("")  # also forgets the failures that the test before has seen
        yield migrated_database
        _empty()


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """Point this process's models to the database at this address."""
    elsewhere = connection.settings_dict["NAME"]
    _connect_to(str(environ.Env.db_url_config(url)["NAME"]))
    try:
        yield
    finally:
        _connect_to(elsewhere)


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()  # the other database may number them differently


def _empty() -> None:
    tables = {model._meta.db_table for model in apps.get_app_config("permits").get_models()}
    with unguarded(), connection.cursor() as cursor:
        for table in tables:
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
