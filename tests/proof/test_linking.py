"""What was written before there were chains is linked by migrating, and verifies from then on."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoDbBlocker

from permits import proof
from permits.models import Chain
from tests import environment, postgres
from tests.database import connected_to

BEFORE = "0011_needs"
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def database_of_before(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database as it was before there were chains."""
    name = f"before_chains_{environment.WORKER}"
    on_postgres = environment.ON_POSTGRES
    url = postgres.create(name) if on_postgres else environment.database_url(name)
    with django_db_blocker.unblock(), connected_to(url):
        call_command("migrate", verbosity=0)
        call_command("migrate", "permits", BEFORE, verbosity=0)
        yield


@pytest.mark.database
@pytest.mark.usefixtures("database_of_before")
def test_all_that_there_is_becomes_links_in_the_order_in_which_it_happened() -> None:
    model = MigrationExecutor(connection).loader.project_state(("permits", BEFORE)).apps.get_model
    ends = {"start_time": AT, "end_time": AT + timedelta(hours=2)}
    permit = model("permits", "Permit").objects.create(plate="OLD", **ends)
    edits = model("permits", "HistoricalPermit").objects
    for minute, kind in ((0, "+"), (3, "~")):
        edits.create(
            id=permit.pk,
            plate="OLD",
            amount="12.50",
            version=1,
            actor="clerk",
            history_date=AT + timedelta(minutes=minute),
            history_type=kind,
            **ends,
        )
    calls = model("permits", "SyncAttempt").objects
    for of, operation in ((permit, "push"), (None, "stats")):
        call = calls.create(
            permit=of,
            operation=operation,
            outcome="in_doubt",
            source="form",
            request={"plate": "OLD"},
            started_at=AT + timedelta(minutes=1),
            lease_until=AT,
            finished_at=AT + timedelta(minutes=2),
        )
        if of is not None:
            model("permits", "Decision").objects.create(
                permit=of, attempt=call, verdict="not_there", reason="I called them.", decided_at=AT
            )
    model("permits", "Activity").objects.create(kind="signed_in", actor="clerk", at=AT)
    model("permits", "HistoricalZone").objects.create(
        id=1, name="Lot 1", history_date=AT, history_type="+"
    )
    call_command("migrate", verbosity=0)
    assert Chain.objects.get(pk=permit.pk).length == 5
    assert Chain.objects.count() == 5  # and the day on which migrating made the groups
    assert proof.verify("").problems == []
