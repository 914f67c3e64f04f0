"""A clerk sets up a second factor alone, and signs in with it from then on."""

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.portal import Portal
from tests.signin.codes import code
from tests.spoken import Words
from tests.staff import PASSWORD


def sign_in(page: Page, words: Words) -> None:
    """Give the name and the password, on the way to the list."""
    page.goto("/login/?next=/permits/permit/")
    page.get_by_label(words("username")).fill("clerk")
    page.get_by_label(words("Password")).fill(PASSWORD)
    page.get_by_role("button", name=words("Sign in"), exact=True).click()


@pytest.mark.parametrize("words", ["fr"], indirect=True)  # test_every_page does it in English
def test_an_app_is_added_and_its_code_is_asked_for(
    page: Page, portal: Portal, words: Words
) -> None:
    sign_in(page, words)
    page.goto("/account/app/add/")
    page.get_by_text(words("It cannot be scanned")).click()
    secret = page.locator("main details code").inner_text()
    page.locator("[name=code]").fill(code(secret))
    page.get_by_role("button", name=words("Add the app")).click()
    expect(page.get_by_role("heading", name=words("Recovery codes"))).to_be_visible()
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    sign_in(page, words)
    expect(page.get_by_role("heading", name=words("One more step"))).to_be_visible()
    page.locator("[name=code]").fill("000000")
    page.get_by_role("button", name=words("Sign in"), exact=True).click()
    expect(page.locator("ul.errors")).to_have_text(words("Incorrect code."))
    page.locator("[name=code]").fill(code(secret, ahead=1))
    page.get_by_role("button", name=words("Sign in"), exact=True).click()
    expect(page.get_by_role("heading", name=words("Permits"), level=1)).to_be_visible()
