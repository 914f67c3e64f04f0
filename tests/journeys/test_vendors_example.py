"""The vendor's own example, from a browser to the controller and back, and what the history says.

Once with the mouse, once by keyboard alone; once with times in UTC, once in the lot's own zone.
By keyboard in French as well.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from permits.models import Zone
from tests.journeys.people import Keyboard, say
from tests.portal import Portal
from tests.sandbox_server import TOKEN, Json, Sandbox
from tests.spoken import Words
from tests.staff import PASSWORD

SignIn = Callable[[Page, User], Page]
REFERENCE: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
IN_UTC: Final = {
    "push": {
        "plate": "PL8RDR",
        "StartDateUtc": "2018-07-02T13:00:00",
        "EndDateUtc": "2018-07-02T13:30:00",
        "amount": "14.50",
        "currency": "CAD",
        "permitNo": "L4-1138",
        "zone": "Lot 4",
    },
    "update": {"plate": "PL8 RDR", "EndDateUtc": "2018-07-02T14:45:00"},
    "delete": {},
}
IN_TORONTO: Final = {
    "push": {
        "plate": "PL8RDR",
        "startTime": "2018-07-02T09:00:00",
        "endTime": "2018-07-02T09:30:00",
        "amount": "14.50",
        "currency": "CAD",
        "permitNo": "L4-1138",
        "zone": "Lot 4",
    },
    "update": {"plate": "PL8 RDR", "endTime": "2018-07-02T10:45:00"},
    "delete": {},
}


@dataclass
class Told:
    """Every page that the browser was given, to be searched for what no page may show."""

    pages: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("domcontentloaded", lambda shown: self.pages.append(shown.content()))


@pytest.fixture
def told(page: Page) -> Iterator[Told]:
    """What the browser was told; the token is not among it."""
    told = Told()
    told.listen(page)
    yield told
    assert told.pages
    assert not [shown for shown in told.pages if TOKEN in shown]


@pytest.fixture
def lot(portal: Portal) -> None:
    """The zone of the example, which the sandbox knows too."""
    Zone.objects.create(name="Lot 4")


@pytest.mark.usefixtures("lot", "told")
def test_with_the_mouse(portal: Portal, sandbox: Sandbox, page: Page, signed_in: SignIn) -> None:
    signed_in(page, portal.staff.supervisor).goto("/")
    page.get_by_role("link", name="New permit").click()
    expect(page.get_by_label("Plate", exact=True)).to_be_focused()
    page.get_by_label("Plate", exact=True).fill("PL8RDR")
    page.get_by_label("Start", exact=True).fill("2018-07-02T09:00:00")
    page.get_by_label("End", exact=True).fill("2018-07-02T09:30:00")
    page.get_by_role("combobox", name="Zone").fill("Lot 4")
    page.get_by_label("Ticket number").fill("L4-1138")
    page.get_by_label("Amount").fill("14.50")
    page.get_by_label("Currency").select_option("CAD")
    page.get_by_role("button", name="Save and push").click()
    (record,) = sandbox.records()
    say(page, f"PL8RDR: It is on the controller. Reference ID {record['reference']}.")
    expect(page.locator("#reference")).to_have_text(record["reference"])

    page.get_by_label("Plate", exact=True).fill("PL8 RDR")
    page.get_by_label("End", exact=True).fill("2018-07-02T10:45:00")
    page.get_by_role("button", name="Save", exact=True).click()
    differences = page.locator("table.differences tbody tr")
    expect(differences).to_have_count(2)
    expect(page.locator("aside.panel")).to_contain_text("An update of its plate and end.")
    page.get_by_role("button", name="Update", exact=True).click()
    say(page, "PL8 RDR: The controller has the changes.")
    expect(differences).to_have_count(0)

    page.get_by_role("link", name="Delete on controller").click()
    expect(page.get_by_role("heading", name="Delete PL8 RDR?")).to_be_visible()
    page.get_by_role("button", name="Delete on controller").click()
    say(page, "PL8 RDR: It is deleted on the controller.")
    expect(page.locator("aside.panel .pill").first).to_have_text("Deleted")

    check_ledger(sandbox, record["reference"], IN_UTC)
    signed_in(page, portal.staff.auditor).goto("/permits/syncattempt/")
    check_history(page, record["reference"], IN_UTC, Words("en"))


@pytest.mark.usefixtures("lot", "told")
@pytest.mark.portal(OPSCOM_TIME_ZONE="America/Toronto")
def test_by_keyboard_alone(portal: Portal, sandbox: Sandbox, page: Page, words: Words) -> None:
    keys = Keyboard(page)
    page.goto("/")
    keys.go_to(words("username").capitalize())
    keys.type("supervisor")
    keys.go_to(words("Password"))
    keys.type(PASSWORD)
    keys.press_and_wait("Enter")

    keys.follow(words("New permit"))
    keys.expect_on(words("Plate"))
    keys.type("PL8RDR")
    keys.go_to(words("Zone"))
    keys.type("Lot 4")
    keys.go_to(words("Amount"))
    keys.type("14.5")
    keys.go_to(words("Currency"))
    page.keyboard.type("CAD")
    keys.go_to(words("Start"))
    keys.type_moment("07/02/2018", "09:00:00 AM")
    keys.go_to(words("End"))
    keys.type_moment("07/02/2018", "09:30:00 AM")
    keys.go_to(words("Ticket number"))
    keys.type("L4-1138")
    keys.press_and_wait("Control+Enter")
    (record,) = sandbox.records()
    say(page, record["reference"])
    keys.expect_on(words("Another like this"))

    keys.go_to(words("Plate"))
    keys.type("pl8 rdr")
    keys.go_to(words("End"))
    keys.type_moment("07/02/2018", "10:45:00 AM")
    keys.press_and_wait("Control+Enter")
    say(page, words("%(plate)s: The controller has the changes.", plate="PL8 RDR"))

    keys.follow(words("Delete on controller"))
    keys.follow(words("Delete on controller"))
    say(page, words("%(plate)s: It is deleted on the controller.", plate="PL8 RDR"))

    check_ledger(sandbox, record["reference"], IN_TORONTO)
    keys.follow(words("Sync history"))
    check_history(page, record["reference"], IN_TORONTO, words)
    keys.go_to(words("today"))
    keys.press_and_wait("Enter")
    expect(page.get_by_role("heading", name=words("Request"))).to_be_visible()


def check_ledger(sandbox: Sandbox, reference: str, wanted: dict[str, dict[str, str]]) -> None:
    """The controller must have been asked exactly this, in this order and form."""
    calls = sandbox.requests()
    assert [call["operation"] for call in calls] == ["push", "update", "delete"]
    for call in calls:
        operation: str = call["operation"]
        named = {} if operation == "push" else {"reference_id": reference}
        assert call["fields"] == named | wanted[operation]
        assert all(isinstance(value, str) for value in call["fields"].values())
        assert (call["method"], call["token"]) == ("POST", "valid")
        assert call["path"] == f"/api/OC-TOMA/v1/permits/{operation}"
        check_headers(call)
    (record,) = sandbox.records()
    assert (record["state"], record["disconnected"]) == ("deleted", False)


def check_headers(call: Json) -> None:
    headers = {name.lower(): value for name, value in call["headers"]}
    assert headers["content-type"] == "application/json"
    assert headers["accept"] == "application/json"
    assert headers["cache-control"] == "no-cache"


def check_history(
    page: Page, reference: str, wanted: dict[str, dict[str, str]], words: Words
) -> None:
    """The list must show who, when and how long; each call what was sent and what came back."""
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(3)
    links: list[tuple[str, str]] = []
    for row, operation in zip(rows.all(), ("delete", "update", "push"), strict=True):
        expect(row).to_contain_text(words(operation.capitalize(), context="operation"))
        expect(row).to_contain_text("PL8 RDR")
        expect(row).to_contain_text("supervisor")
        expect(row).to_contain_text(words("Done"))
        expect(row).to_contain_text(re.compile(r"\d ms|\d s"))
        expect(row.locator("time")).to_have_attribute("datetime", re.compile(r"^20\d\d-"))
        links.append((operation, row.locator("th a").get_attribute("href") or ""))
    context = page.context
    for operation, address in links:
        answer = context.request.get(address).text()
        assert TOKEN not in answer
        for name, text in wanted[operation].items():
            assert f"<code>{name}</code>" in answer
            assert f"<code>{text}</code>" in answer
        assert answer.count(reference) >= (1 if operation == "push" else 2)
        assert words("took") in answer
