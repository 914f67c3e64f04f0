"""The import in a real browser: from the file to the permits, on each screen."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from permits.models import Permit, Zone
from tests.browser import CheckAccessibility, Screen, assert_fits
from tests.importing.files import as_csv, row
from tests.portal import Portal, Worker


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
    page.goto("/permits/permit/import/")
    axe(page)
    assert_fits(page)
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "april.csv", "mimeType": "text/csv", "buffer": mixed}
    )
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_role("heading", name="Bad rows")).to_be_visible()
    axe(page)
    assert_fits(page)
    page.get_by_label("Push them to the controller").uncheck()
    page.get_by_role("button", name="Import 2 permits").click()
    expect(page.get_by_text("2 permits were imported from april.csv.")).to_be_visible()
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
