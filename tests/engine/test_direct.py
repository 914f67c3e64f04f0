"""A statement put to the driver: it ends as one put to Django's cursor, and is seen as one."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from permits.models import Permit, direct
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
