"""The walk through every page notices what a page would lack."""

from collections.abc import Callable
from typing import Final

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page

from tests.journeys.inspector import (
    NARROW,
    assert_can_be_read,
    assert_is_told_apart,
    assert_works_by_keyboard,
)
from tests.pages.states import one_of_each
from tests.portal import Portal
from tests.sandbox_server import Sandbox

SignIn = Callable[[Page, User], Page]
DRESS: Final = """rules => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets = [sheet];
}"""
NOTE: Final = "addEventListener('focusin', ({ target }) => (window.met ??= []).push(target))"
NOT_MET: Final = """[...document.querySelectorAll("a[href], button, input, select, summary")]
  .filter((each) => each.checkVisibility() && each.tabIndex >= 0 && each.type !== "radio")
  .filter((each) => !window.met.includes(each)).map((each) => each.outerHTML)"""
MOST_TABS: Final = 200


def test_it_notices_what_a_page_lacks_for_the_keyboard(page: Page) -> None:
    page.goto("/login/")
    assert_works_by_keyboard(page)
    for rules, words in {
        ":focus-visible { outline: none }": "does not show the focus well: <button",
        ":focus-visible { outline-color: #cde }": "does not show the focus well: <a",
        "button { outline: 2px solid }": "looks as if it had the focus: <button",
        "body::after { content: ''; position: fixed; inset: 0 }": "is covered while it has the f",
        "h1 { cursor: pointer }": "is for the mouse alone: <h1",
    }.items():
        page.evaluate(DRESS, rules)
        with pytest.raises(AssertionError, match=words):
            assert_works_by_keyboard(page)
    page.evaluate(DRESS, "")
    page.evaluate("addEventListener('keydown', (event) => event.preventDefault())")
    with pytest.raises(AssertionError, match="does not let the Tab key go on"):
        assert_works_by_keyboard(page)


def test_it_notices_what_the_readers_colours_and_wish_for_rest_would_miss(
    portal: Portal, signed_in: SignIn, page: Page
) -> None:
    signed_in(page, portal.staff.clerk).goto("/")
    assert_is_told_apart(page)
    for rules, words in {
        "h1 { transition: color 1s }": "moves: <h1",
        "h1::after { content: ''; background: red; padding: 4px }": "vanishes::after: <h1",
        ".top-nav a::after { content: none !important }": "looks as what is not chosen: <a",
    }.items():
        page.evaluate(DRESS, rules)
        with pytest.raises(AssertionError, match=words):
            assert_is_told_apart(page)


def test_it_notices_what_is_too_small_to_read(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, page: Page
) -> None:
    one_of_each(sandbox)
    ((width, height),) = NARROW
    page.set_viewport_size({"width": width, "height": height})
    signed_in(page, portal.staff.auditor).goto("/")
    assert_can_be_read(page)
    page.evaluate(DRESS, ".chart .mark { font-size: 12px }")
    with pytest.raises(AssertionError, match="is too small to read: Lot 4"):
        assert_can_be_read(page)


def test_the_tab_key_itself_comes_by_all_that_a_page_offers_and_leaves_it(
    portal: Portal, sandbox: Sandbox, signed_in: SignIn, page: Page
) -> None:
    permits = one_of_each(sandbox)
    signed_in(page, portal.staff.supervisor)
    for path in ("/permits/permit/", permits["changed"].get_absolute_url()):
        page.goto(path)
        page.evaluate(NOTE)
        page.locator(".skip-to-content-link").focus()
        for _ in range(MOST_TABS):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body"):
                break
        assert page.evaluate(NOT_MET) == []
        assert page.evaluate("document.activeElement === document.body")
