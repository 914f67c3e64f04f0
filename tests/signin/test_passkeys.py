"""Passkeys in a real browser, under the strict policy, with an authenticator of its own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import CDPSession, Page, expect

from permits.models import Activity
from tests.browser import CheckAccessibility, Console
from tests.portal import Portal
from tests.spoken import ENGLISH, Words
from tests.staff import PASSWORD

SignIn = Callable[[Page, User], Page]


@dataclass(frozen=True)
class Phone:
    """What keeps the passkeys."""

    devtools: CDPSession
    name: str

    def lose_passkeys(self) -> None:
        """Forget all that it keeps."""
        self.devtools.send("WebAuthn.clearCredentials", {"authenticatorId": self.name})


@pytest.fixture
def at(portal: Portal) -> str:
    """The portal's address by a name: an IP address can have no passkeys."""
    return portal.url.replace("127.0.0.1", "localhost")


@pytest.fixture
def key(page: Page) -> Iterator[Phone]:
    """A phone, as the browser sees it: it keeps passkeys, and its owner's finger is on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield Phone(devtools, added["authenticatorId"])
    devtools.detach()


def sign_in(page: Page, at: str, path: str = "/", *, words: Words = ENGLISH) -> None:
    page.goto(f"{at}/login/?next={path}")
    page.get_by_label(words("username")).fill("clerk")
    page.get_by_label(words("Password")).fill(PASSWORD)
    page.get_by_role("button", name=words("Sign in"), exact=True).click()


def add(page: Page, at: str, *, alone: bool = True, words: Words = ENGLISH) -> None:
    """Add a passkey, which signs in alone or after the password."""
    page.goto(f"{at}/account/passkeys/add/")
    page.get_by_label(words("Name")).fill("my phone")
    page.get_by_label(words("Sign in with it alone, without a password")).set_checked(alone)
    page.get_by_role("button", name=words("Add the passkey")).click()
    expect(page.get_by_role("heading", name=words("Recovery codes"))).to_be_visible()


def use(page: Page, words: Words = ENGLISH) -> None:
    """Press the button of a page that a click led to: its script must be there before."""
    page.wait_for_load_state()
    page.get_by_role("button", name=words("Use a passkey")).click()


def test_a_clerk_adds_one_and_signs_in_with_it_alone(
    page: Page, at: str, key: Phone, axe: CheckAccessibility, words: Words
) -> None:
    words.choose(page, at)
    sign_in(page, at, words=words)
    add(page, at, words=words)
    axe(page)
    page.goto(f"{at}/account/")
    expect(page.get_by_role("main")).to_contain_text("my phone")
    axe(page)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.goto(f"{at}/login/?next=/permits/permit/")
    page.get_by_role("button", name=words("Use a passkey")).click()
    expect(page).to_have_url(f"{at}/permits/permit/")
    assert Activity.objects.filter(kind=Activity.Kind.FACTOR_ADDED, what="clerk").count() == 2


def test_one_that_is_a_second_step_is_asked_for_after_the_password(
    page: Page, at: str, key: Phone, axe: CheckAccessibility, words: Words
) -> None:
    words.choose(page, at)
    sign_in(page, at, words=words)
    add(page, at, alone=False, words=words)
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    sign_in(page, at, "/permits/permit/", words=words)
    expect(page.get_by_role("heading", name=words("One more step"))).to_be_visible()
    axe(page)
    use(page, words)
    expect(page).to_have_url(f"{at}/permits/permit/")


def test_it_confirms_who_changes_how_they_sign_in(
    page: Page, at: str, key: Phone, axe: CheckAccessibility
) -> None:
    sign_in(page, at)
    add(page, at)
    page.context.clear_cookies()
    page.goto(f"{at}/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{at}/")
    page.goto(f"{at}/account/app/add/")
    page.get_by_role("link", name="Use a passkey").click()
    axe(page)
    use(page)
    expect(page.get_by_role("heading", name="Add an app")).to_be_visible()
    axe(page)


def test_without_the_device_the_page_says_so_and_the_password_still_works(
    page: Page, at: str, key: Phone
) -> None:
    sign_in(page, at)
    add(page, at)
    page.context.clear_cookies()
    key.lose_passkeys()
    page.goto(f"{at}/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("#passkey-error")).to_be_visible()
    sign_in(page, at)
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()


def test_a_locked_out_name_still_gets_in_with_a_passkey(
    page: Page, at: str, key: Phone, console: Console
) -> None:
    sign_in(page, at)
    add(page, at)
    page.context.clear_cookies()
    for _ in range(settings.AXES_FAILURE_LIMIT):
        page.goto(f"{at}/login/")
        page.get_by_label("Username").fill("clerk")
        page.get_by_label("Password").fill("a guess of somebody")
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Too many tries")).to_be_visible()
    console.expect("429")
    page.goto(f"{at}/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{at}/")


def test_it_is_renamed_and_removed(page: Page, at: str, key: Phone) -> None:
    sign_in(page, at)
    add(page, at)
    page.goto(f"{at}/account/")
    page.get_by_role("link", name="Rename my phone").click()
    page.get_by_label("Name").fill("work phone")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("link", name="Remove work phone").click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_role("main")).not_to_contain_text("work phone")
