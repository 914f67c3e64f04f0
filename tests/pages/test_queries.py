"""A page asks the database as often for many rows as for a few."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permits import sync
from permits.models import Batch, BatchItem, Link, Permit, Zone
from tests.engine.office import enter, push
from tests.pages.desk import ADD, HISTORY, PERMITS, RUNS, Desk, Desks
from tests.pages.states import State

FEW, MANY = 5, 50
LISTED = (51, 102)  # rows of a list of more than one page, which alone is counted
PAGES = (
    "/", PERMITS, f"{PERMITS}?q=P", f"{PERMITS}?needs=rejected", ADD, HISTORY, "/permits/zone/",
    "/controller/",
)  # fmt: skip
MOST = 40  # queries that any page may take


def queries(desk: Desk, path: str) -> int:
    """How many queries a page takes once it has been opened before."""
    desk.open(path)
    with CaptureQueriesContext(connection) as captured:
        assert desk.open(path).status == 200
    return len(captured)


def fill(count: int) -> None:
    """Have so many permits, each with its call, in zones of their own."""
    for number in range(Permit.objects.count(), count):
        zone = Zone.objects.create(name=f"Zone {number}")
        permit = push(enter(plate=f"P {number}", zone=zone))
        if number % 5 == 4:
            Permit.objects.filter(pk=permit.pk).update(
                state=State.CHANGED, end_time=permit.end_time.replace(minute=30)
            )


def test_the_pages_of_many_rows(desks: Desks) -> None:
    Link.current()
    counts = []
    for total in LISTED:
        fill(total)
        counts.append({path: queries(desks.supervisor, path) for path in PAGES})
    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= MOST


def _edited(permit: Permit, number: int) -> None:
    permit.plate = f"E {number}"
    permit.version += 1
    permit.save()


def _called(permit: Permit, number: int) -> None:
    _edited(permit, number)
    sync.ask(permit.pk, actor="clerk", source="form")  # type: ignore[arg-type]
    assert sync.send(permit.pk)
    permit.refresh_from_db()


@pytest.mark.parametrize("happen", [_edited, _called], ids=["edited", "called"])
def test_a_permit_to_which_much_has_happened(
    desks: Desks, happen: Callable[[Permit, int], None]
) -> None:
    permit = push()
    counts = []
    for total in (FEW, MANY):
        for number in range(total):
            happen(permit, number)
        counts.append(queries(desks.supervisor, permit.get_absolute_url()))
    assert counts[0] == counts[1] <= MOST


def test_a_run_of_which_much_has_failed(desks: Desks) -> None:
    counts = []
    for total in (FEW, MANY):
        for number in range(total):
            enter(plate=f"P {total} {number}")
        batch = sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor="clerk")
        BatchItem.objects.filter(batch=batch).update(result=BatchItem.Result.REJECTED)
        counts.append(queries(desks.supervisor, f"{RUNS}{batch.pk}/change/"))
    assert counts[0] == counts[1] <= MOST


def test_a_list_of_many_runs(desks: Desks) -> None:
    counts = []
    enter()
    for total in LISTED:
        for _ in range(total):
            sync.start_batch(Batch.Kind.PUSH, Permit.objects.all(), actor="clerk")
        counts.append(queries(desks.supervisor, RUNS))
    assert counts[0] == counts[1] <= MOST


def test_the_confirmation_of_a_bulk_run(desks: Desks) -> None:
    counts = []
    for total in (FEW, MANY):
        fill(total)
        desks.clerk.open("/")
        with CaptureQueriesContext(connection) as captured:
            page = desks.clerk.post(
                PERMITS,
                {"action": "delete_selected", "select_across": "1", "_selected_action": "0"},
            )
        assert f"Delete {total} permits?" in page.text
        counts.append(len(captured))
    assert counts[0] == counts[1] <= MOST
