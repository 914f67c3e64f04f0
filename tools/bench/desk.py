"""The counter: how many keys a permit takes, and how long a clerk waits for its reference."""

import statistics
import time
from typing import Final

from playwright.sync_api import Page, sync_playwright

from tools import chromium
from tools.bench.installation import Databases, Installation
from tools.bench.programs import Sandbox
from tools.bench.report import Figure, Row, Table

PERMITS: Final = 20  # that are entered, one after the other
WARMING_UP: Final = 3  # entered before the measured ones
DELAY: Final = 0.1  # seconds that the controller takes for a call
KEYS: Final = 12  # wanted at most, besides what is typed
WAIT: Final = 1.0  # seconds wanted at most
TYPED: Final = ("BENCH %d", "lot 7", "12.50")  # plate, zone, amount
# Kept in the session's storage, for the last key leaves the page.
_COUNT: Final = """() => {
  sessionStorage.keys = 0;
  addEventListener("keydown", () => { sessionStorage.keys = +sessionStorage.keys + 1; }, true);
}"""


def desk(databases: Databases, part: int = 1) -> Table:
    """Enter permits in a real browser with the keyboard alone."""
    permits = max(1, PERMITS // part)
    table = Table(
        "The desk: entering a permit",
        "A clerk in a browser enters a permit with its plate, zone, 2 hours and an amount by "
        f"keyboard alone, {permits} times; the controller takes {DELAY * 1000:.0f} ms for a call. "
        "Keys are counted as the browser is told of them, Ctrl and Enter too, less the letters and "
        "digits of plate, zone and amount. The time runs from Ctrl+Enter until the reference ID "
        "stands on the page.",
    )
    for engine in ("SQLite", "PostgreSQL"):
        with Sandbox(delay=DELAY) as sandbox:
            table.rows += _measure(databases, engine, sandbox, permits)
    return table


def _measure(databases: Databases, engine: str, sandbox: Sandbox, permits: int) -> list[Row]:
    with Installation.new(databases, engine, sandbox.url) as portal, sync_playwright() as driver:
        portal.step("fill", 10)
        url, _ = portal.serve()
        browser = driver.chromium.launch(
            executable_path=chromium.find_or_explain(), args=["--no-sandbox"]
        )
        context = browser.new_context(base_url=url, reduced_motion="reduce")
        context.add_cookies(
            [
                {"name": name, "value": value, "url": url}
                for name, value in portal.step("sign_in").items()
            ]
        )
        page = context.new_page()
        entered = [_enter(page, number) for number in range(WARMING_UP + permits)][WARMING_UP:]
        browser.close()
    if sandbox.pushes() != WARMING_UP + permits:
        raise RuntimeError(f"{sandbox.pushes()} permits were pushed.")
    keys = max(keys for keys, _ in entered)
    waits = [wait for _, wait in entered]
    return [
        Row(f"{engine}, keys besides what is typed", Figure(keys, wanted=KEYS, digits=0)),
        Row(f"{engine}, Ctrl+Enter to the reference, median", _wait(statistics.median(waits))),
        Row(f"{engine}, the longest of {permits}", _wait(max(waits))),
    ]


def _wait(seconds: float) -> Figure:
    return Figure(seconds, "s", WAIT)


def _enter(page: Page, number: int) -> tuple[int, float]:
    """Enter one permit; the keys it took besides what was typed, and the seconds it was awaited."""
    plate, zone, amount = TYPED[0] % (number + 100), *TYPED[1:]
    page.goto("/permits/permit/add/")
    page.evaluate(_COUNT)
    keyboard = page.keyboard
    keyboard.type(plate)
    for key in ("Tab", "ArrowRight", "ArrowRight", "Tab"):  # to the length, 1 h, 2 h, to the zone
        keyboard.press(key)
    keyboard.type(zone)
    keyboard.press("Tab")
    keyboard.type(amount)
    began = time.monotonic()
    keyboard.press("Control+Enter")
    page.wait_for_selector("#reference")
    waited = time.monotonic() - began
    pressed = int(page.evaluate("sessionStorage.keys"))
    return pressed - len(plate + zone + amount), waited
