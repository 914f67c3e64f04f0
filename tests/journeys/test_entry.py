"""Entering permits by keyboard: what the plate has, zones by letters, how many keys it takes."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from permits.models import Permit, Zone
from tests.browser import CheckAccessibility, assert_fits
from tests.engine.office import enter, now, push
from tests.journeys.people import Keyboard, say
from tests.portal import Portal
from tests.sandbox_server import Sandbox

SignIn = Callable[[Page, User], Page]
ADD = "/permits/permit/add/"


@pytest.fixture
def clerk(portal: Portal, page: Page, signed_in: SignIn) -> Page:
    """A clerk's browser; some zones are reported, the annexe is not."""
    for number in (1, 2, 10, 11):
        Zone.objects.create(name=f"Lot {number}", last_reported_at=timezone.now())
    Zone.objects.create(name="Annexe")
    return signed_in(page, portal.staff.clerk)


def running(plate: str) -> Permit:
    """A permit on the controller that is valid now."""
    moment = timezone.now().replace(microsecond=0)
    hour = timedelta(hours=1)
    return push(enter(plate=plate, start_time=moment - hour, end_time=moment + hour))


def begin(page: Page) -> None:
    """Open the form of a new permit; it waits for the plate."""
    page.goto(ADD)
    expect(page.get_by_label("Plate", exact=True)).to_be_focused()


def zone(page: Page) -> Locator:
    """The field in which a zone is chosen."""
    return page.get_by_role("combobox", name="Zone")


def options(page: Page) -> Locator:
    """The zones that are offered."""
    return page.get_by_role("listbox", name="Zone").get_by_role("option")


class TestThePlate:
    def test_shows_its_permits_while_it_is_typed(
        self, clerk: Page, axe: CheckAccessibility
    ) -> None:
        permit = running("SEEN 1")
        begin(clerk)
        expect(clerk.locator("aside.of-plate")).to_be_hidden()
        clerk.keyboard.type("seen-1")
        expect(clerk.get_by_role("complementary", name="Permits of this plate")).to_contain_text(
            "On controller"
        )
        expect(clerk.locator("[data-of-plate-word]")).to_contain_text("already has a permit")
        for width in (1440, 390):
            clerk.set_viewport_size({"width": width, "height": 900})
            assert_fits(clerk)
            axe(clerk)
        clerk.get_by_role("link", name=f"Extend of permit {permit.pk}").click()
        expect(clerk).to_have_url(re.compile(f"/permits/permit/{permit.pk}/extend/"))

    def test_that_was_seen_to_overlap_is_no_block(self, clerk: Page) -> None:
        running("SEEN 2")
        begin(clerk)
        clerk.keyboard.type("SEEN 2")
        clerk.get_by_label("2 h").check()
        expect(clerk.locator("aside.of-plate .is-over")).to_be_visible()
        clerk.keyboard.press("Control+Enter")
        say(clerk, "It is on the controller")

    def test_of_another_time_is_no_warning(self, clerk: Page) -> None:
        later = timezone.now() + timedelta(days=9)
        enter(plate="LATER 1", start_time=later, end_time=later + timedelta(hours=1))
        begin(clerk)
        clerk.keyboard.type("LATER 1")
        clerk.get_by_label("2 h").check()
        expect(clerk.locator("[data-of-plate-word]")).to_have_text(re.compile("at other times"))


class TestTheZone:
    def test_is_chosen_by_a_few_letters_and_tab(self, clerk: Page) -> None:
        begin(clerk)
        zone(clerk).focus()
        clerk.keyboard.type("1")
        found = options(clerk)
        expect(found).to_have_text(["Lot 1", "Lot 10", "Lot 11"])
        clerk.keyboard.press("ArrowDown")
        expect(found.nth(1)).to_have_attribute("aria-selected", "true")
        chosen = found.nth(1).get_attribute("id")
        expect(zone(clerk)).to_have_attribute("aria-activedescendant", chosen or "")
        clerk.keyboard.press("Tab")
        expect(zone(clerk)).to_have_value("Lot 10")
        expect(zone(clerk)).to_have_attribute("aria-expanded", "false")
        expect(clerk.get_by_label("Amount")).to_be_focused()

    def test_is_found_by_any_of_its_words_whatever_their_case(self, clerk: Page) -> None:
        Zone.objects.create(name="Église nord", last_reported_at=timezone.now())
        begin(clerk)
        zone(clerk).focus()
        clerk.keyboard.type("NORD egl")
        expect(options(clerk)).to_have_text(["Église nord"])

    def test_is_taken_by_enter_which_does_not_send_the_form(self, clerk: Page) -> None:
        begin(clerk)
        zone(clerk).focus()
        clerk.keyboard.type("lot 2")
        clerk.keyboard.press("Enter")
        expect(zone(clerk)).to_have_value("Lot 2")
        expect(clerk.locator(".errornote")).to_have_count(0)

    def test_is_left_as_typed_by_escape(self, clerk: Page) -> None:
        begin(clerk)
        zone(clerk).focus()
        clerk.keyboard.type("lot")
        clerk.keyboard.press("Escape")
        expect(clerk.get_by_role("listbox")).to_be_hidden()
        expect(zone(clerk)).to_have_value("lot")

    def test_is_chosen_with_the_mouse(self, clerk: Page) -> None:
        begin(clerk)
        zone(clerk).click()
        options(clerk).filter(has_text="Lot 11").click()
        expect(zone(clerk)).to_have_value("Lot 11")
        expect(zone(clerk)).to_be_focused()

    def test_that_was_never_reported_is_marked_before_saving(
        self, clerk: Page, axe: CheckAccessibility
    ) -> None:
        begin(clerk)
        zone(clerk).focus()
        clerk.keyboard.type("ann")
        expect(options(clerk)).to_contain_text("would make a disconnected record")
        axe(clerk)
        clerk.keyboard.press("Tab")
        expect(clerk.locator("#id_zone_note")).to_be_visible()
        zone(clerk).fill("Lot 1")
        expect(clerk.locator("#id_zone_note")).to_be_hidden()

    def test_is_found_among_five_thousand(self, clerk: Page) -> None:
        Zone.objects.bulk_create(Zone(name=f"Street {number}") for number in range(5_000))
        begin(clerk)
        zone(clerk).focus()
        clerk.keyboard.type("eet 4242")
        expect(options(clerk)).to_contain_text(["Street 4242"])
        clerk.keyboard.press("Tab")
        expect(zone(clerk)).to_have_value("Street 4242")


COUNT_KEYS = """() => {
  sessionStorage.keys = 0;
  addEventListener("keydown", () => { sessionStorage.keys = +sessionStorage.keys + 1; }, true);
}"""
MOST_KEYS = 12


def test_a_permit_takes_at_most_twelve_keys_besides_what_is_typed(
    clerk: Page, sandbox: Sandbox
) -> None:
    begin(clerk)
    clerk.evaluate(COUNT_KEYS)
    keyboard, typed = clerk.keyboard, ["KEYS 12", "lot 2", "4.50"]
    keyboard.type(typed[0])
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    keyboard.press("Tab")
    keyboard.type(typed[1])
    keyboard.press("Tab")
    keyboard.type(typed[2])
    keyboard.press("Control+Enter")
    say(clerk, "It is on the controller")
    pressed = int(clerk.evaluate("sessionStorage.keys"))
    assert pressed > sum(map(len, typed))
    assert pressed - sum(map(len, typed)) <= MOST_KEYS
    permit = Permit.objects.get()
    assert (permit.plate, str(permit.zone), str(permit.amount)) == ("KEYS 12", "Lot 2", "4.50")
    assert permit.end_time - permit.start_time == timedelta(hours=2)
    expect(clerk.locator("#reference")).to_have_text(sandbox.records("live")[0]["reference"])


def test_a_permit_is_extended_and_given_another_plate_by_keyboard(
    clerk: Page, sandbox: Sandbox
) -> None:
    permit = running("STEP 1")
    ends = permit.end_time
    keys = Keyboard(clerk)
    clerk.goto(permit.get_absolute_url())
    keys.press_and_wait("Alt+e")
    keys.expect_on("1 h")
    keys.press_and_wait("Enter")
    say(clerk, "STEP 1: The controller has the changes.")
    assert now(permit).end_time == ends + timedelta(hours=1)
    keys.press_and_wait("Alt+p")
    keys.expect_on("New plate")
    keys.type("STEP 2")
    keys.press_and_wait("Control+Enter")
    say(clerk, "STEP 2: The controller has the changes.")
    assert [call["operation"] for call in sandbox.requests()] == ["push", "update", "update"]


def test_a_permit_is_replaced_from_its_form_by_keyboard(
    clerk: Page, sandbox: Sandbox, axe: CheckAccessibility
) -> None:
    old = running("SWAP 1")
    keys = Keyboard(clerk)
    clerk.goto(old.get_absolute_url())
    keys.go_to("Ticket number")
    keys.type("T-200")
    keys.press_and_wait("Control+Enter")
    expect(clerk.locator(".errornote")).to_contain_text("Nothing is saved yet")
    axe(clerk)
    keys.press_and_wait("Control+Enter")
    say(clerk, "It is on the controller")
    assert now(old).state == Permit.State.DELETED
    assert Permit.objects.get(replaces=old).ticket_number == "T-200"
