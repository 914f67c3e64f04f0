"""What people do in a browser: type into fields, press buttons, and walk with the keyboard."""

from typing import Final, Literal

from playwright.sync_api import Page, expect

from tests.browser import CheckAccessibility, assert_fits
from tests.processes import wait_until

FOCUSED: Final = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return "";
  const label = here.labels && here.labels[0] ? here.labels[0] : here;
  return (label.textContent || here.value || "").replace(/\\s+/g, " ").trim();
}"""
MOST_TABS: Final = 60


def look_at(page: Page, axe: CheckAccessibility) -> None:
    """See that the page fits and is accessible, as a table in the light and as cards in the dark.

    It is left in the light, as wide as it was.
    """
    before = page.viewport_size
    assert before is not None
    looks: list[tuple[Literal["dark", "light"], int]] = [("dark", 390), ("light", before["width"])]
    for theme, width in looks:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": before["height"]})
        assert_fits(page)
        axe(page)


def say(page: Page, words: str) -> None:
    """The page must have said this of what was done."""
    expect(page.locator("li.message")).to_contain_text(words)


class Keyboard:
    """A person without a mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go_to(self, name: str) -> None:
        """Press Tab until what bears this name has the focus."""
        for _ in range(MOST_TABS):
            if self.focused().startswith(name):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{name!r} cannot be reached; the focus is on {self.focused()!r}.")

    def focused(self) -> str:
        """What the focus is on, in words."""
        words: str = self.page.evaluate(FOCUSED)
        return words

    def expect_on(self, name: str) -> None:
        """See the focus come by itself to what bears this name.

        The browser gives it once it draws the page, which may be after all is loaded.
        """
        wait_until(lambda: self.focused().startswith(name), seconds=5)

    def type(self, text: str) -> None:
        """Put a text in place of what stands in the field."""
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def type_moment(self, day: str, clock: str) -> None:
        """Put a time such as `07/02/2018` `09:00:00 AM` into a field with parts."""
        for part in day.split("/"):
            self.page.keyboard.type(part)
        self.page.keyboard.press("ArrowRight")
        time, half = clock.split()
        for part in time.split(":"):
            self.page.keyboard.type(part)
        self.page.keyboard.type(half)

    def follow(self, name: str) -> None:
        """Go to a link or a button and press Enter; wait for the page that comes."""
        self.go_to(name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press_and_wait(self, keys: str) -> None:
        """Press keys that lead to another page, and wait for it."""
        with self.page.expect_navigation():
            self.page.keyboard.press(keys)
