"""A list is read page by page, forwards and backwards, whatever it is ordered by."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permits.models import Permit, Zone
from tests.engine.office import END, START, enter
from tests.pages.desk import PERMITS, Desk, Desks
from tests.pages.reading import Page

SIZE = 50  # rows on a page
TOTAL = 2 * SIZE + 20
COLUMNS = ("Plate", "Zone", "Ticket number", "Valid", "Amount", "State")


def fill(total: int = TOTAL) -> None:
    """Have permits of which many are alike in each column, and some have nothing in it."""
    zones = [*(Zone.objects.get_or_create(name=name)[0] for name in "CAB"), None]
    Permit.objects.bulk_create(
        Permit(
            plate=f"P {number // 3}",
            zone=zones[number % 4],
            ticket_number="" if number % 2 else f"T{number // 7}",
            start_time=START,
            end_time=END + timedelta(minutes=number % 5),
            amount=None if number % 6 == 0 else Decimal(number % 6),
            state=("draft", "queued", "deleted")[number % 3],
        )
        for number in range(total)
    )


def keys(page: Page) -> list[str]:
    """The primary keys of a page's rows, in its order."""
    return [box.attributes["value"] for box in page.root.all("input.action-select")]


def beside(page: Page, label: str) -> str:
    """The address of the page that a link leads to; none where there is no such link."""
    (pages,) = page.root.all("nav.pages")
    found = [a.attributes["href"] for a in pages.all("a.button") if a.text == label]
    return found[0] if found else ""


def walk(desk: Desk, path: str, label: str) -> Iterator[Page]:
    """Every page from this one on."""
    page = desk.open(path)
    yield page
    while address := beside(page, label):
        page = desk.open(f"{PERMITS}{address}")
        yield page


def ordered_by(desk: Desk, column: str) -> tuple[str, str]:
    """The addresses of the list ordered by a column, the smallest first and the largest first."""
    addresses = []
    path = PERMITS
    for _ in range(2):
        (link,) = [a for a in desk.open(path).root.all("a.sort") if a.text == column]
        path = f"{PERMITS}{link.attributes['href']}"
        addresses.append(path)
    return addresses[0], addresses[1]


@pytest.fixture
def clerk(desks: Desks) -> Desk:
    return desks.clerk


@pytest.mark.parametrize("column", COLUMNS)
def test_every_row_stands_on_one_page_forwards_and_backwards(clerk: Desk, column: str) -> None:
    fill()
    for path in ordered_by(clerk, column):
        forwards = [keys(page) for page in walk(clerk, path, "Next")]
        assert [len(page) for page in forwards] == [SIZE, SIZE, TOTAL - 2 * SIZE]
        whole = [key for page in forwards for key in page]
        assert len(set(whole)) == TOTAL
        last = clerk.open(f"{PERMITS}{beside(clerk.open(path), 'Last')}")
        assert keys(last) == whole[-SIZE:]
        backwards = [keys(page) for page in walk(clerk, last.path, "Previous")]
        assert backwards == [whole[-SIZE:], whole[20 : 20 + SIZE], whole[:SIZE]]


@pytest.mark.parametrize("column", COLUMNS)
def test_what_has_nothing_in_the_column_comes_last(clerk: Desk, column: str) -> None:
    fill()
    for path in ordered_by(clerk, column):
        cells = [row[column] for page in walk(clerk, path, "Next") for row in page.rows()]
        nothing = [cell == "" for cell in cells]
        assert nothing == sorted(nothing) or column == "Ticket number"


def test_what_is_added_and_removed_meanwhile_moves_no_other_row(clerk: Desk) -> None:
    fill()
    first = clerk.open(PERMITS)
    whole = [key for page in walk(clerk, PERMITS, "Next") for key in keys(page)]
    enter(plate="NEW 1")
    Permit.objects.filter(pk=keys(first)[-1]).delete()
    Permit.objects.filter(pk=keys(first)[7]).delete()
    assert keys(clerk.open(f"{PERMITS}{beside(first, 'Next')}")) == whole[SIZE : 2 * SIZE]


def test_a_page_that_is_gone_is_the_last(clerk: Desk) -> None:
    fill()
    pages = list(walk(clerk, PERMITS, "Next"))
    Permit.objects.filter(pk__in=keys(pages[-1])).delete()
    page = clerk.open(pages[-1].path)
    assert keys(page) == keys(pages[1])
    assert (beside(page, "Previous") != "", beside(page, "Next")) == (True, "")


def test_sorting_anew_begins_at_the_first_page(clerk: Desk) -> None:
    fill()
    deep = clerk.open(f"{PERMITS}{beside(clerk.open(PERMITS), 'Last')}")
    (link,) = [a for a in deep.root.all("a.sort") if a.text == "Plate"]
    page = clerk.open(f"{PERMITS}{link.attributes['href']}")
    assert page.rows()[0]["Plate"] == "P 0"
    assert beside(page, "Previous") == ""


def test_a_filter_stays_from_page_to_page(clerk: Desk) -> None:
    fill(3 * (SIZE + 1))
    page = clerk.open(f"{PERMITS}?state=draft")
    page = clerk.open(f"{PERMITS}{beside(page, 'Next')}")
    assert [row["State"] for row in page.rows()] == ["Not pushed"]


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=", "before=~", "after=99999999999999999999", "after=%00", "before=1~2",
     "o=5&after=7~0001-01-01T00:00:00%2B14:00", "o=6&after=7~NaN", "o=6&after=7~1e999999",
     "o=1&after=7", "o=1&after=7~%00", "o=99.-1.x", "last=&after=3"],
)  # fmt: skip
def test_an_address_that_names_no_row_breaks_nothing(clerk: Desk, query: str) -> None:
    fill(SIZE + 1)
    page = clerk.open(f"{PERMITS}?{query}")
    assert (page.status, len(page.rows())) == (200, SIZE)


def test_a_page_in_the_middle_asks_the_database_as_often_as_the_first(clerk: Desk) -> None:
    fill()
    first = clerk.open(PERMITS)
    counts = []
    for address in ("", beside(first, "Next"), beside(first, "Last")):
        with CaptureQueriesContext(connection) as captured:
            clerk.open(f"{PERMITS}{address}")
        assert not [query for query in captured if "OFFSET" in query["sql"]]
        counts.append(len(captured))
    assert len(set(counts)) == 1


class TestCounting:
    def test_a_few_are_counted(self, clerk: Desk) -> None:
        fill()
        assert count_on(clerk.open(PERMITS)) == "120 permits"
        assert count_on(clerk.open(f"{PERMITS}?state=draft")) == "40 permits"

    def test_one_is_one(self, clerk: Desk) -> None:
        enter()
        assert count_on(clerk.open(PERMITS)) == "1 permit"

    def test_of_many_it_is_said_that_there_are_more(self, clerk: Desk) -> None:
        fill(10_001)
        page = clerk.open(PERMITS)
        assert count_on(page) == "More than 10,000 permits"
        assert "all that match: more than 10,000 permits" in page.text
        Permit.objects.filter(pk=keys(page)[0]).delete()
        assert count_on(clerk.open(PERMITS)) == "10,000 permits"


def count_on(page: Page) -> str:
    """How many rows the page says there are."""
    return page.root.one("nav.pages").one("p").text
