"""The browser: a real Chromium that talks to this machine alone."""

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Literal, Protocol

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from django.conf import settings
from django.contrib.auth.models import User
from playwright.sync_api import ConsoleMessage, Error, Page

from tests.environment import ROOT
from tests.portal import Portal
from tools import chromium

SECONDS_FOR_A_COMPLAINT: Final = 10
PICTURES: Final = ROOT / "docs" / "pictures"


@dataclass(frozen=True)
class Screen:
    """The size of a window in CSS pixels, and the theme the system asks for."""

    width: int
    height: int
    theme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.width}-{self.theme}"


SCREENS: Final = [
    Screen(width, height, theme)
    for width, height in ((1440, 900), (1280, 800), (390, 844))
    for theme in ("light", "dark")
]


@dataclass
class Console:
    """What a page has complained about. Nothing must be left at the end of a test."""

    complaints: list[str] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Note the page's errors and warnings, a script's and the policy's too."""
        self.pages.append(page)
        page.on("console", self._note_message)
        page.on("pageerror", self._note_error)

    def expect(self, text: str) -> None:
        """Take complaints that hold this text as wanted; there must be one.

        The browser tells of a complaint after the step that caused it, so it is waited for.
        """
        waiting_ends = monotonic() + SECONDS_FOR_A_COMPLAINT
        while monotonic() < waiting_ends and not any(text in each for each in self.complaints):
            self.pages[0].wait_for_timeout(20)
        unexpected = [each for each in self.complaints if text not in each]
        assert len(unexpected) < len(self.complaints), f"No complaint holds {text!r}."
        self.complaints = unexpected

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _note_error(self, error: Error) -> None:
        self.complaints.append(f"script: {error}")


class CheckAccessibility(Protocol):
    """How `axe` is called: with a page, and rules that are not asked for or alone are."""

    def __call__(
        self, page: Page, *, but: Collection[str] = (), only: Collection[str] = ()
    ) -> None:
        """Fail the test, naming each element, where a rule is broken."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the Chromium that is there, and keep it from looking for its maker."""
    return {
        **browser_type_launch_args,
        "executable_path": chromium.find_or_explain(),
        "args": [
            "--no-sandbox",  # it does not start as root otherwise
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        ],
    }


@pytest.fixture(scope="session")
def browser_context_args(
    browser_context_args: dict[str, Any], portal_process: Portal
) -> dict[str, Any]:
    """A member of the staff in Toronto, who has asked for less motion.

    Addresses begin with the portal's: `page.goto("/")`.
    """
    return {
        **browser_context_args,
        "base_url": portal_process.url,
        "locale": "en-CA",
        "timezone_id": settings.TIME_ZONE,
        "viewport": {"width": 1280, "height": 800},
        "reduced_motion": "reduce",
    }


@pytest.fixture
def console() -> Console:
    """What the page complains about, for a test that expects a complaint."""
    return Console()


@pytest.fixture
def page(page: Page, portal: Portal, console: Console) -> Iterator[Page]:
    """A page of the portal, 1280 pixels wide in the light theme unless the test asks otherwise."""
    console.listen(page)
    page.context.on("page", console.listen)
    yield page
    assert not console.complaints, "\n".join(console.complaints)


@pytest.fixture(params=SCREENS, ids=str)
def screen(request: pytest.FixtureRequest, page: Page) -> Screen:
    """Run the test on each of the six screens."""
    screen: Screen = request.param
    page.set_viewport_size({"width": screen.width, "height": screen.height})
    page.emulate_media(color_scheme=screen.theme)
    return screen


@pytest.fixture
def signed_in(portal: Portal) -> Callable[[Page, User], Page]:
    """Open a session for a user without going through the form: `signed_in(page, staff.clerk)`."""

    def open_session(page: Page, user: User) -> Page:
        name, value = settings.SESSION_COOKIE_NAME, portal.session_cookie(user)
        page.context.add_cookies([{"name": name, "value": value, "url": portal.url}])
        return page

    return open_session


@pytest.fixture(scope="session")
def axe() -> CheckAccessibility:
    """Hold a page to the rules of accessibility: `axe(page)`."""

    def check(page: Page, *, but: Collection[str] = (), only: Collection[str] = ()) -> None:
        rules = {"target-size": {"enabled": True}, **{rule: {"enabled": False} for rule in but}}
        wanted = {"runOnly": list(only)} if only else {"rules": rules}
        asked = json.dumps({"resultTypes": ["violations"], **wanted})
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        # What is right is a long list, which would take longer to hand over than to find.
        broken = page.evaluate(f"axe.run({asked}).then(({{ violations }}) => ({{ violations }}))")
        found = AxeResults(broken)
        assert not found.violations_count, f"{page.url}\n{found.generate_report()}"

    return check


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Make docs/pictures/NAME.png of the page, where `--pictures` asks for it."""

    def take(page: Page, name: str) -> None:
        if request.config.getoption("--pictures"):
            PICTURES.mkdir(exist_ok=True)
            page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")

    return take


def assert_fits(page: Page) -> None:
    """The page must not scroll sideways."""
    width, window = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert width <= window, f"{page.url} is {width} pixels wide in a window of {window}."
