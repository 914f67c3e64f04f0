"""With script turned off, everything works as plain forms."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from permits import sync
from permits.models import Batch, Permit, Zone
from tests.engine.office import enter
from tests.journeys.people import say
from tests.portal import Portal
from tests.sandbox_server import Sandbox

SignIn = Callable[[Page, User], Page]

pytestmark = pytest.mark.browser_context_args(java_script_enabled=False)


@pytest.fixture
def clerk(portal: Portal, page: Page, signed_in: SignIn) -> Page:
    """A clerk's browser in which no script runs."""
    Zone.objects.create(name="Lot 4")
    signed_in(page, portal.staff.clerk).goto("/")
    return page


def test_no_script_runs(clerk: Page) -> None:
    clerk.goto("/permits/permit/add/")
    expect(clerk.locator("noscript p")).to_be_visible()


def test_a_permit_is_entered_edited_updated_and_deleted(clerk: Page, sandbox: Sandbox) -> None:
    page = clerk
    page.get_by_role("link", name="New permit").click()
    page.get_by_label("Plate", exact=True).fill("ABC 123")
    page.get_by_label("End", exact=True).fill("2099-01-01T09:30:00")
    page.get_by_role("combobox", name="Zone").fill("lot 4")
    page.get_by_role("button", name="Save", exact=True).click()
    say(page, "ABC 123: saved. It is not on the controller yet")
    page.get_by_role("button", name="Push", exact=True).click()
    say(page, "It is on the controller")
    page.get_by_label("Plate", exact=True).fill("ABC 124")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Update", exact=True).click()
    say(page, "ABC 124: The controller has the changes.")
    page.get_by_role("link", name="Delete on controller").click()
    page.get_by_role("button", name="Delete on controller").click()
    say(page, "ABC 124: It is deleted on the controller.")
    assert [call["operation"] for call in sandbox.requests()] == ["push", "update", "delete"]


def test_a_row_of_the_list_is_pushed_and_deleted(clerk: Page, sandbox: Sandbox) -> None:
    page = clerk
    permit = enter()
    page.goto("/permits/permit/?q=ABC")
    page.get_by_role("button", name="Push", exact=True).click()
    say(page, "It is on the controller")
    assert page.url.endswith("/permits/permit/?q=ABC")
    page.locator("#result_list").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete on controller").click()
    say(page, "It is deleted on the controller.")
    assert page.url.endswith("/permits/permit/?q=ABC")
    permit.refresh_from_db()
    assert permit.state == Permit.State.DELETED


def test_filters_apply_by_their_button(clerk: Page) -> None:
    enter(plate="WANTED")
    enter(plate="OTHER")
    clerk.goto("/permits/permit/")
    clerk.get_by_role("searchbox").fill("wanted")
    clerk.get_by_label("State", exact=True).select_option("Not pushed")
    clerk.get_by_role("button", name="Apply").click()
    expect(clerk.locator("#result_list tbody tr")).to_have_count(1)
    clerk.get_by_role("link", name="Clear all").click()
    expect(clerk.locator("#result_list tbody tr")).to_have_count(2)


@pytest.mark.parametrize("which", ["ticked", "all"])
def test_a_bulk_run_is_started_stopped_and_resumed(
    clerk: Page, sandbox: Sandbox, which: str
) -> None:
    page = clerk
    for number in range(3):
        enter(plate=f"P {number}")
    page.goto("/permits/permit/")
    if which == "all":
        page.get_by_label("all that match: 3 permits").check()
    else:
        for box in page.locator("input.action-select").all()[:2]:
            box.check()
    count = {"all": 3, "ticked": 2}[which]
    page.get_by_role("button", name="Push …").click()
    page.get_by_role("button", name=f"Push {count} permits").click()
    expect(page.locator("#progress")).to_contain_text(f"0 of {count} permits settled")
    page.get_by_role("button", name="Stop").click()
    say(page, "Stopped.")
    page.get_by_role("button", name="Resume").click()
    sync.drain(go_on=lambda: True)
    page.goto(Batch.objects.get().get_absolute_url())
    expect(page.locator("#progress")).to_contain_text(f"{count} of {count} permits settled")
    assert len(sandbox.records("live")) == count
