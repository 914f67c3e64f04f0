"""A statement put to the driver: it ends as one put to Django's cursor, and is seen as one."""

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from permits.models import Permit, direct
from tests import environment
from tests.engine.office import enter

NAMED = "SELECT plate FROM permits_permit WHERE id = %s"
TAKEN = "INSERT INTO permits_chain (id, length, head, proof) VALUES (%s, 1, %s, %s) RETURNING id"


@pytest.fixture
def permit() -> Permit:
    return enter(plate="DIRECT 1")


def test_it_returns_the_first_row_or_none(permit: Permit) -> None:
    with transaction.atomic():
        assert direct.first(NAMED, [permit.pk]) == ("DIRECT 1",)
        assert direct.first(NAMED, [permit.pk + 1]) is None


def test_its_error_is_djangos_and_ends_the_transaction_alone(permit: Permit) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        direct.first(TAKEN, [permit.pk, b"", b""])
    assert Permit.objects.get(pk=permit.pk).plate == "DIRECT 1"


def test_whoever_watches_the_statements_sees_it(permit: Permit) -> None:
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        assert direct.first(NAMED, [permit.pk]) == ("DIRECT 1",)
    assert [each for each in captured if "SELECT plate" in each["sql"]]


def by_another(sql: str) -> None:
    """Run a statement on a connection of its own, as a migration does."""
    with connection.copy().cursor() as cursor:
        cursor.execute(sql)
        cursor.db.close()


@pytest.fixture
def table() -> Iterator[str]:
    """A table with one row, that a migration changes while the engine is at work."""
    by_another("CREATE TABLE direct_words AS SELECT varchar(5) 'here' AS word")
    yield "direct_words"
    by_another("DROP TABLE direct_words")


@pytest.mark.skipif(not environment.ON_POSTGRES, reason="SQLite prepares by itself as it has to")
def test_a_column_changed_since_it_was_prepared_costs_one_transaction(table: str) -> None:
    def read() -> object:
        with transaction.atomic():
            return direct.first(f"SELECT word FROM {table} WHERE word <> %s", [""])

    assert [read() for _ in range(10)] == [("here",)] * 10
    by_another(f"ALTER TABLE {table} ALTER COLUMN word TYPE text")
    # As of a database that is away: who has made a call insists on writing down what it brought.
    with pytest.raises(OperationalError):
        read()
    assert read() == ("here",)
