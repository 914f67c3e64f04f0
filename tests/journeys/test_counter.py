"""At the counter: double clicks, two people at one permit, a slow call, a phone in the lot."""

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import BrowserContext, Page, expect

from permits.models import Permit
from permits.sync.claims import claim
from tests.engine.office import ask, edit, enter, now, push
from tests.journeys.people import say
from tests.portal import Portal
from tests.sandbox_server import Sandbox

SignIn = Callable[[Page, User], Page]


@pytest.fixture
def clerk(portal: Portal, page: Page, signed_in: SignIn) -> Page:
    """A clerk's browser."""
    return signed_in(page, portal.staff.clerk)


def fill(page: Page, plate: str) -> None:
    """Fill in a new permit."""
    page.goto("/permits/permit/add/")
    page.get_by_label("Plate", exact=True).fill(plate)
    page.get_by_label("End", exact=True).fill("2099-01-01T09:30:00")


def test_a_double_click_pushes_once(clerk: Page, sandbox: Sandbox) -> None:
    sandbox.settings(delay=0.3)
    fill(clerk, "TWICE 1")
    clerk.get_by_role("button", name="Save and push").dblclick()
    say(clerk, "It is on the controller")
    assert Permit.objects.count() == 1
    assert len(sandbox.records()) == 1


def test_a_preset_sets_the_end_from_the_start(clerk: Page) -> None:
    fill(clerk, "PRESET 1")
    clerk.get_by_label("Start", exact=True).fill("2026-11-23T23:00:00")
    clerk.get_by_label("2 h").check()
    expect(clerk.get_by_label("End", exact=True)).to_have_value(re.compile("^2026-11-24T01:00"))
    clerk.get_by_label("Start", exact=True).fill("2026-11-23T12:00:00")
    clerk.get_by_label("Start", exact=True).blur()
    expect(clerk.get_by_label("End", exact=True)).to_have_value(re.compile("^2026-11-23T14:00"))


def test_an_end_that_is_typed_undoes_the_length(clerk: Page) -> None:
    fill(clerk, "PRESET 2")
    clerk.get_by_label("2 h").check()
    clerk.get_by_label("End", exact=True).fill("2099-02-02T09:30:00")
    expect(clerk.get_by_label("Until the end below")).to_be_checked()
    clerk.keyboard.press("Control+Enter")
    say(clerk, "It is on the controller")
    assert Permit.objects.get().end_time.year == 2099


def test_another_like_the_last_is_one_key_away(clerk: Page) -> None:
    fill(clerk, "FIRST 1")
    clerk.get_by_label("Currency").select_option("USD")
    clerk.keyboard.press("Control+Enter")
    say(clerk, "It is on the controller")
    expect(clerk.get_by_role("link", name="Another like this")).to_be_focused()
    with clerk.expect_navigation():
        clerk.keyboard.press("Enter")
    expect(clerk.get_by_label("Plate", exact=True)).to_be_focused()
    expect(clerk.get_by_label("Currency")).to_have_value("USD")


def test_while_a_call_is_under_way_no_form_opens_and_one_that_was_open_is_kept(
    clerk: Page, context: BrowserContext
) -> None:
    permit = push()
    edit(permit, amount=Decimal(20))
    clerk.goto(permit.get_absolute_url())
    ask(permit)
    assert claim(permit.pk)

    other = context.new_page()
    other.goto(permit.get_absolute_url())
    expect(other.locator("main")).to_contain_text("A call is under way")
    expect(other.get_by_label("Plate", exact=True)).to_have_count(0)

    clerk.get_by_label("Plate", exact=True).fill("KEPT 1")
    clerk.get_by_role("button", name="Save", exact=True).click()
    say(clerk, "your edit is kept as a new difference")
    assert now(permit).plate == "KEPT 1"


def test_what_somebody_else_saved_meanwhile_is_shown_and_what_was_typed_is_kept(
    portal: Portal, clerk: Page, signed_in: SignIn, context: BrowserContext
) -> None:
    permit = enter()
    path = permit.get_absolute_url()
    clerk.goto(path)
    clerk.get_by_label("Plate", exact=True).fill("MINE 1")
    other = portal.session(portal.staff.supervisor)
    shown = {
        "plate": "ABC 123",
        "start_time": "2026-11-23T04:00:00",
        "end_time": "2026-11-23T09:00:00",
        "zone": "Lot 4",
        "ticket_number": "T-100",
        "amount": "12.50",
        "currency": "CAD",
        "version": str(permit.version),
        "_save": "1",
    }
    assert other.post(f"{portal.url}{path}", data=shown, timeout=10).ok

    clerk.get_by_role("button", name="Save", exact=True).click()
    expect(clerk.locator(".errornote")).to_contain_text("supervisor changed end from")
    expect(clerk.get_by_label("Plate", exact=True)).to_have_value("MINE 1")
    expect(clerk.get_by_label("End", exact=True)).to_have_value(re.compile("^2026-11-23T09:00"))
    clerk.get_by_role("button", name="Save", exact=True).click()
    say(clerk, "MINE 1: saved.")


@pytest.mark.browser_context_args(has_touch=True)
def test_on_a_phone_each_row_is_a_card_with_its_labels(clerk: Page) -> None:
    push(enter(plate="CARD 1"))
    enter(plate="CARD 2")
    clerk.set_viewport_size({"width": 390, "height": 844})
    clerk.goto("/permits/permit/")
    boxes = [clerk.locator(part).bounding_box() for part in (".brand", ".top-tools")]
    assert len({box["y"] + box["height"] / 2 for box in boxes if box}) == 1, "Two rows."
    expect(clerk.locator("#result_list thead")).not_to_be_in_viewport()
    cards = clerk.locator("#result_list tbody tr")
    boxes = [card.bounding_box() for card in cards.all()]
    assert all(box and 300 < box["width"] <= 390 and box["height"] > 100 for box in boxes)
    labels = cards.first.locator("[data-label]").evaluate_all(
        "cells => cells.map(cell => getComputedStyle(cell, '::before').content)"
    )
    assert {'"Zone"', '"State"', '"Valid"'} <= set(labels)

    clerk.get_by_role("link", name="Sort, or tick all").tap()
    with clerk.expect_navigation():
        clerk.locator("#result_list thead").get_by_role("link", name="Plate").tap()
    expect(cards.first).to_contain_text("CARD 1")
    clerk.get_by_role("link", name="Sort, or tick all").tap()
    clerk.locator("#action-toggle").tap()
    expect(clerk.locator(".action-counter")).to_have_text("2 of 2 ticked:")
    cards.first.locator(".action-select").tap()
    expect(clerk.locator(".action-counter")).to_have_text("1 of 2 ticked:")


def test_the_reference_can_be_copied(clerk: Page, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    permit = push()
    clerk.goto(permit.get_absolute_url())
    clerk.get_by_role("button", name="Copy the reference ID").click()
    expect(clerk.locator(".is-done")).to_be_visible()
    assert clerk.evaluate("navigator.clipboard.readText()") == permit.reference_id
