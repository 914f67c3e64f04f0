"""A permit's story: all of it, in one order, page by page, and each page as cheap as another."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from permits import proof, sync
from permits.admin import timeline
from permits.models import Permit
from tests.engine.office import LATER, edit, enter, push, send, withdraw
from tests.importing.files import as_csv, check, row, write
from tests.pages.desk import HISTORY, Desk, Desks
from tests.pages.reading import Page
from tests.pages.test_history import WHEN, call
from tests.sandbox_server import Sandbox

SIZE: Final = 4
MOST: Final = 10  # queries of the first page


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "SIZE", SIZE)


def told(page: Page) -> list[str]:
    """What the page tells of, in its order."""
    return [each.text for each in page.root.all("li.event")]


def links(page: Page) -> list[str]:
    """Where the page leads."""
    return [link.attributes["href"] for link in page.root.all("a[href]")]


def beside(page: Page, name: str) -> str:
    """Where the link of this name leads; empty where there is none."""
    found = page.root.one("section.timeline").all(f"a[rel={name}]")
    return found[0].attributes["href"] if found else ""


def walk(desk: Desk, permit: Permit, start: str, name: str) -> list[Page]:
    """The page at an address, and all that follow it."""
    pages = [desk.open(f"{permit.get_absolute_url()}{start}")]
    while address := beside(pages[-1], name):
        assert address.endswith("#timeline")
        pages.append(desk.open(f"{permit.get_absolute_url()}{address}"))
    return pages


def keys(permit: Permit, address: str = "") -> list[tuple[str, object]]:
    """What of the permit's story is on a page."""
    page = timeline.of_permit(permit, QueryDict(address))
    return [
        (str(each.title), each.attempt.pk if each.attempt else each.at) for each in page.entries
    ]


@pytest.fixture
def busy(desks: Desks, small_pages: None) -> Permit:
    """A permit with eleven edits, eleven calls and a decision."""
    permit = push()
    for number in range(10):
        edit(permit, plate=f"E {number}")
        send(permit)
    withdraw(permit, "The driver has left.")
    return permit


def test_all_of_it_is_reached_page_by_page_and_each_thing_once(desks: Desks, busy: Permit) -> None:
    pages = walk(desks.auditor, busy, "", "next")
    entries = [entry for page in pages for entry in told(page)]
    assert [len(told(page)) for page in pages] == [SIZE] * 5 + [3]
    assert len(set(entries)) == len(entries) == 23
    for number in range(10):
        (line,) = [n for n, text in enumerate(entries) if f"→ E {number}" in text]
        assert entries[line - 1].startswith("Updated on the controller"), "its call came after"
    assert entries[0].startswith("Withdrawn by clerk")
    assert entries[-1].startswith("Entered")


def test_the_way_back_leads_over_the_same_pages(desks: Desks, busy: Permit) -> None:
    pages = walk(desks.auditor, busy, "", "next")
    address = beside(pages[-1], "prev")
    back = walk(desks.auditor, busy, address, "prev")
    assert [told(page) for page in back] == [told(page) for page in pages[-2::-1]]


def test_every_page_says_how_many_there_are_in_all(desks: Desks, busy: Permit) -> None:
    for page in walk(desks.auditor, busy, "", "next"):
        assert f"23 entries, {len(told(page))} on this page" in page.text
    assert "1 entry Entered" in desks.auditor.see(enter()).text


def test_what_happens_meanwhile_moves_nothing(desks: Desks, busy: Permit) -> None:
    first = timeline.of_permit(busy, QueryDict(""))
    address = first.older.removeprefix("?").partition("#")[0]
    before = keys(busy, address)
    edit(busy, plate="E 99")
    call(permit=busy, started_at=timezone.now(), finished_at=timezone.now())
    assert keys(busy, address) == before


def test_neither_one_instant_nor_a_clock_that_was_put_back_loses_any(
    desks: Desks, small_pages: None
) -> None:
    permit = enter()
    for hours in (0, 0, 0, -3, 0, 5, 0, -8, 0):
        with time_machine.travel(WHEN + timedelta(hours=hours), tick=False):
            edit(permit, ticket_number=f"{permit.version}")
            call(permit=permit, started_at=timezone.now())
    pages = walk(desks.auditor, permit, "", "next")
    calls = [link for page in pages for link in links(page) if link.endswith("/change/")]
    calls = [link for link in calls if link.startswith(HISTORY)]
    assert len(set(calls)) == len(calls) == 9
    edits = [text for page in pages for text in told(page) if "Edited" in text]
    assert len(set(edits)) == len(edits) == 9


@pytest.mark.parametrize("address", ["older=x", "newer=1-2", "older=1-2-3-4-5", "older=-1-1-1-1"])
def test_an_address_that_names_no_page_shows_the_first_and_says_so(
    desks: Desks, busy: Permit, address: str
) -> None:
    page = desks.auditor.open(f"{busy.get_absolute_url()}?{address}")
    assert "The page that was asked for is not there." in page.text
    assert told(page) == told(desks.auditor.see(busy))


def test_a_page_below_everything_is_the_first(desks: Desks, busy: Permit) -> None:
    assert keys(busy, "older=0-0-0-0") == keys(busy)


def test_a_replacement_is_told_on_both_sides(desks: Desks) -> None:
    permit = push()
    page = desks.clerk.edit(permit, zone="Lot 4", ticket_number="T-9")
    assert "Replace with this" in page.text
    desks.clerk.press(page, "Replace with this")
    successor = Permit.objects.get(replaces=permit)
    assert f"Replacement entered: Permit {successor.pk} by clerk" in desks.auditor.see(permit).text
    page = desks.auditor.see(successor)
    assert f"Entered as the replacement of Permit {permit.pk} by clerk" in page.text
    assert permit.get_absolute_url() in links(page)


def test_a_replacement_that_was_refused_or_given_up_is_told_of_the_old_one(
    desks: Desks, sandbox: Sandbox
) -> None:
    permit = push()
    page = desks.clerk.edit(permit, zone="Lot 4", ticket_number="T-9")
    sandbox.fault("error")
    desks.clerk.press(page, "Replace with this")
    successor = Permit.objects.get(replaces=permit)
    (entry,) = [text for text in told(desks.auditor.see(permit)) if "Replacement" in text]
    assert entry.endswith("The controller refused it; this permit stays until it is there.")
    withdraw(successor)
    page = desks.auditor.see(permit)
    (entry,) = [text for text in told(page) if "Replacement" in text]
    assert entry.endswith("It was given up.")
    assert successor.get_absolute_url() in links(page)


def test_what_was_decided_is_told_as_something_that_was_done(desks: Desks) -> None:
    permit = push()
    withdraw(permit, "The driver has left.")
    sync.keep(permit.pk, reason="He came back.", actor="root")
    kept, withdrawn, *_ = told(desks.auditor.see(permit))
    assert kept.startswith("Kept after all by root")
    assert withdrawn.startswith("Withdrawn by clerk")


def test_an_import_is_named_with_its_line(desks: Desks) -> None:
    run = write(check(as_csv(row(zone="Lot 4")), user=desks.clerk.user))
    permit = Permit.objects.get()
    page = desks.auditor.see(permit)
    assert f"Line 2 of {run.file_name}, Import {run.pk}" in told(page)[-1]
    assert told(page)[-1].startswith("Imported by clerk")
    assert run.get_absolute_url() in links(page)
    page = desks.clerk.see(permit)
    assert f"Line 2 of {run.file_name}" in page.text
    assert run.get_absolute_url() not in links(page)


def test_what_was_archived_is_said_to_be(desks: Desks, tmp_path: Path) -> None:
    permit = push()
    with time_machine.travel(LATER + timedelta(days=900)):
        made = proof.archive(LATER + timedelta(days=800), tmp_path, actor="")
    page = desks.auditor.see(permit)
    assert f"What happened before is in archive {made.pk}" in page.text
    assert made.file in page.text


def _edited(permit: Permit, count: int) -> None:
    for number in range(count):
        edit(permit, ticket_number=f"T{number}")


def _called(permit: Permit, count: int) -> None:
    for _ in range(count):
        call(permit=permit)


@pytest.mark.parametrize("happen", [_edited, _called], ids=["edited", "called"])
def test_a_deep_page_asks_for_no_more_than_the_first(
    desks: Desks, small_pages: None, happen: Callable[[Permit, int], None]
) -> None:
    permit, counts = enter(), []
    happen(permit, 5 * SIZE)
    address = "older=" + "-".join(["999999999"] * 4)
    for _ in range(4):
        with CaptureQueriesContext(connection) as captured:
            page = timeline.of_permit(permit, QueryDict(address))
        counts.append(len(captured))
        address = page.older.removeprefix("?").partition("#")[0]
    assert max(counts) <= MOST


def test_a_page_is_read_along_the_indexes_and_never_sorted(desks: Desks, busy: Permit) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by what is in the tables; here that is too little to tell.")
    permit = Permit.objects.select_related("replaces").get(pk=busy.pk)
    for address in ("older=9-9-9-9", "newer=2-2-2-2"):
        with CaptureQueriesContext(connection) as captured:
            timeline.of_permit(permit, QueryDict(address))
        for query in captured.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plan = " ".join(str(line[-1]) for line in cursor.fetchall())
            assert "TEMP B-TREE" not in plan, query["sql"]
            assert "SCAN permits" not in plan, query["sql"]


def test_edits_on_the_border_of_a_page_are_told_from_the_one_before(
    desks: Desks, small_pages: None
) -> None:
    permit = enter()
    for number in range(2 * SIZE):
        edit(permit, ticket_number=f"T{number}")
    entries = [text for page in walk(desks.auditor, permit, "", "next") for text in told(page)]
    changes = [f"T{number}" for number in reversed(range(2 * SIZE))]
    assert [text.rsplit(" ", 1)[-1] for text in entries[:-1]] == changes
    assert all("Ticket number: T" in text for text in entries[:-1])


def test_a_refused_call_says_why_without_loading_its_answer(desks: Desks, sandbox: Sandbox) -> None:
    sandbox.fault("error", code=9005, message="The end time is invalid.")
    permit = enter()
    send(permit)
    with CaptureQueriesContext(connection) as captured:
        page = timeline.of_permit(permit, QueryDict(""))
    assert "9005" in page.entries[0].detail
    assert not [query for query in captured.captured_queries if '"response"' in query["sql"]]
