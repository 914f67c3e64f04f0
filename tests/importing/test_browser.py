"""The import in a real browser: from the file to the permits, on each screen."""

from collections.abc import Callable
from typing import Final

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from permits.models import Permit, Zone
from tests.browser import SCREENS, CheckAccessibility, Screen, assert_fits
from tests.importing.files import as_csv, row
from tests.portal import Portal, Worker
from tests.spoken import Words

LANGUAGES: Final = (
    *(Words("en"), Words("fr"), Words("fr")),
    *(Words("en"), Words("fr"), Words("en")),
)
"""Of the six screens; each language has each theme and each width."""
IMPORTED: Final = (
    "%(count)s permit was imported from %(file)s.",
    "%(count)s permits were imported from %(file)s.",
)


@pytest.fixture
def mixed(portal: Portal) -> bytes:
    """A file with good, bad and doubled rows, an unknown zone and one that was never reported."""
    Zone.objects.create(name="Lot 1", last_reported_at=timezone.now())
    Zone.objects.create(name="Old yard")
    return as_csv(
        row(),
        row(plate="GOOD 2", zone="Old yard"),
        row(plate="", amount="$5.00"),
        row(plate="BAD 2", start="03/04/2026 09:00", zone="Pier"),
        row(),
    )


def test_it_reads_well_on_every_screen(
    page: Page,
    portal: Portal,
    screen: Screen,
    signed_in: Callable[[Page, User], Page],
    axe: CheckAccessibility,
    mixed: bytes,
) -> None:
    signed_in(page, portal.staff.supervisor)
    words = LANGUAGES[SCREENS.index(screen)]
    words.choose(page, portal.url)
    page.goto("/permits/permit/import/")
    axe(page)
    assert_fits(page)
    page.get_by_label(words("File"), exact=True).set_input_files(
        {"name": "april.csv", "mimeType": "text/csv", "buffer": mixed}
    )
    page.get_by_role("button", name=words("Check the file")).click()
    expect(page.get_by_role("heading", name=words("Bad rows"))).to_be_visible()
    axe(page)
    assert_fits(page)
    page.get_by_label(words("Push them to the controller once they are entered")).uncheck()
    permits = words.many("Import %(shown)s permit", "Import %(shown)s permits", 2, shown=2)
    page.get_by_role("button", name=permits).click()
    done = words.many(*IMPORTED, 2, file="april.csv")
    expect(page.get_by_text(done)).to_be_visible()
    axe(page)
    assert_fits(page)
    assert Permit.objects.count() == 2


def test_a_large_file_moves_by_itself_to_the_run_that_pushes_it(
    page: Page,
    portal: Portal,
    worker: Worker,
    signed_in: Callable[[Page, User], Page],
    axe: CheckAccessibility,
) -> None:
    Zone.objects.create(name="Lot 1", last_reported_at=timezone.now())
    signed_in(page, portal.staff.clerk)
    page.goto("/permits/permit/import/")
    rows = [row(plate=f"P {number}", ticket_number="T" * 40) for number in range(6_000)]
    with page.expect_file_chooser() as chooser:
        page.get_by_label("File", exact=True).click()
    chooser.value.set_files({"name": "l.csv", "mimeType": "text/csv", "buffer": as_csv(*rows)})
    page.get_by_role("button", name="Check the file").click()
    button = page.get_by_role("button", name="Import 6,000 permits")
    expect(button).to_be_visible(timeout=30_000)
    button.click()
    expect(page.get_by_role("heading", name="Push run")).to_be_visible(timeout=30_000)
    assert Permit.objects.count() == 6_000
