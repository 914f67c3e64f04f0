"""Holds a page to what every page must keep, in both languages, both themes and at every width."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from django.conf import settings
from playwright.sync_api import Page

from tests.browser import CheckAccessibility, assert_fits

Theme = Literal["light", "dark"]
BY_KEYBOARD: Final = (Path(__file__).parent / "by_keyboard.js").read_text()
COLOURS: Final = ("color-contrast", "link-in-text-block")
TOLD_APART: Final = (Path(__file__).parent / "told_apart.js").read_text()
WIDE: Final = [(640, 400), (1440, 900), (1280, 800)]  # the first is 1280 at a zoom of 200 %
NARROW: Final = [(390, 844)]
SMALLEST: Final = 9  # pixels, of a picture's words as they are drawn
TOO_SMALL: Final = """smallest => [...document.querySelectorAll(".mark")]
  .filter((each) => each.checkVisibility())
  .filter((each) => parseFloat(getComputedStyle(each).fontSize) * each.getScreenCTM().a < smallest)
  .map((each) => `is too small to read: ${each.textContent}`)"""


@dataclass
class Inspector:
    """Shows each page in each language and theme.

    What a theme changes is colours alone, so in the second theme only their rules are asked for.
    Which one is the second alternates from page to page.
    """

    page: Page
    axe: CheckAccessibility
    address: str
    seen: int = 0

    def look_at(self, *paths: str) -> None:
        """Open each page and inspect it; it is left in English."""
        for path in paths:
            with self._in_french():
                self._open(path)
                self._inspect("fr")
            self._open(path)
            self._inspect("en")
            self.seen += 1

    def press(self, name: str) -> None:
        """Press a button, and inspect the page that comes."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name).click()
        self.inspect()

    def inspect(self) -> None:
        """Inspect the page that is shown.

        For the other language it is loaded again, and so is a form sent again that led to it.
        """
        self.page.wait_for_load_state()
        self._inspect("en")
        with self._in_french():
            self.page.reload()
            self._inspect("fr")
        self.page.reload()
        self.seen += 1

    @contextmanager
    def _in_french(self) -> Iterator[None]:
        name, cookies = settings.LANGUAGE_COOKIE_NAME, self.page.context
        cookies.add_cookies([{"name": name, "value": "fr", "url": self.address}])
        yield
        cookies.clear_cookies(name=name)

    def _open(self, path: str) -> None:
        answer = self.page.goto(path)
        assert answer is not None
        assert answer.status < 500

    def _inspect(self, language: str) -> None:
        assert self.page.evaluate("document.documentElement.lang") == language
        is_light = (language == "en") == (self.seen % 2 == 0)
        self.page.emulate_media(color_scheme="light" if is_light else "dark")
        for width, height in [*NARROW, *WIDE] if is_light else [*WIDE, *NARROW]:
            self.page.set_viewport_size({"width": width, "height": height})
            assert_fits(self.page)
            assert_can_be_read(self.page)
        self.axe(self.page)
        self.page.emulate_media(color_scheme="dark" if is_light else "light")
        self.axe(self.page, only=COLOURS)
        if language == "en":
            assert_works_by_keyboard(self.page)
        else:
            assert_is_told_apart(self.page)


def assert_can_be_read(page: Page) -> None:
    """A picture is scaled to its room, and its words with it: they must not get too small."""
    wrong = page.evaluate(TOO_SMALL, SMALLEST)
    assert not wrong, "\n".join([page.url, *wrong])


def assert_works_by_keyboard(page: Page) -> None:
    """All that can be clicked must be reached by Tab, show that it is, stay in sight, let it go."""
    page.keyboard.press("Tab")
    wrong = page.evaluate(BY_KEYBOARD)
    assert not wrong, "\n".join([page.url, *wrong])


def assert_is_told_apart(page: Page) -> None:
    """No state may be told by a colour alone that the reader's own replace, and nothing may move.

    The browser asks for less motion in every test.
    """
    page.emulate_media(forced_colors="active")
    wrong = page.evaluate(TOLD_APART)
    page.emulate_media(forced_colors="none")
    assert not wrong, "\n".join([page.url, *wrong])
