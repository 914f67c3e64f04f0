"""Listing the permits of a bulk run, all of them or none, and feeding them to the queue."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permits import sync
from permits.models import Batch, Permit
from permits.sync import bulk
from tests.engine.office import ACTOR, enter, push
from tests.sandbox_server import Sandbox


class CutOffError(Exception):
    """The process ended here."""


def start() -> Batch:
    return sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor=ACTOR)


@pytest.mark.parametrize("table", ["permits_batchitem", "permits_batch"])
def test_a_run_that_was_cut_off_is_not_there(table: str) -> None:
    enter()

    def cut_off(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if f"INSERT INTO {table} " in sql or f'UPDATE "{table}" ' in sql:
            raise CutOffError
        return execute(sql, *rest)

    with connection.execute_wrapper(cut_off), pytest.raises(CutOffError):
        start()
    assert not Batch.objects.exists()


@pytest.mark.parametrize("count", [2, 3, 4])
def test_all_are_listed_however_many_parts_that_takes(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(bulk, "LISTED_AT_ONCE", 2)
    permits = [enter(plate=f"P {number}") for number in range(count)]
    batch = start()
    assert batch.state == Batch.State.RUNNING
    assert list(batch.items.order_by("pk").values_list("permit", flat=True)) == [
        permit.pk for permit in permits
    ]


@pytest.mark.parametrize("kind", [Batch.Kind.PUSH, Batch.Kind.DELETE])
def test_no_permit_is_read_by_itself(sandbox: Sandbox, kind: Batch.Kind) -> None:
    for number in range(3):
        permit = enter(plate=f"P {number}")
        if kind == Batch.Kind.DELETE:
            push(permit)
    batch = sync.start_batch(kind, Permit.objects.all(), actor=ACTOR)
    with CaptureQueriesContext(connection) as captured:
        bulk.feed()
    assert batch.items.filter(result="queued").count() == 3
    assert not [each["sql"] for each in captured if each["sql"].endswith("LIMIT 21")]
