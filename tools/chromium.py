"""Finds the Chromium that the browser tests drive, and installs one where there is none.

`python -m tools.chromium` is what `make test` runs first.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ASK_PLAYWRIGHT: Final = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
ADVICE: Final = (
    "No Chromium was found for the browser tests, and none could be installed. Install it (on "
    "Debian: apt-get install chromium), or set CHROMIUM to the path of one that is there."
)


def find() -> str | None:
    """The path of a Chromium: the one CHROMIUM names, one on the PATH, or Playwright's own."""
    if named := os.environ.get("CHROMIUM", ""):
        if shutil.which(named) is None:
            raise SystemExit(f"CHROMIUM is set to {named}, and no program is there.")
        return named
    for name in NAMES:
        if path := shutil.which(name):
            return path
    # Asked in a process of its own: the tests' process may be running Playwright already.
    answer = subprocess.run(
        [sys.executable, "-c", _ASK_PLAYWRIGHT], capture_output=True, text=True, check=True
    )
    own = answer.stdout.strip()
    return own if Path(own).exists() else None


def find_or_explain() -> str:
    """The path of a Chromium; where there is none, an end that says what to do."""
    if path := find():
        return path
    raise SystemExit(ADVICE)


def install() -> None:
    """Install a Chromium: as root with apt-get, otherwise with Playwright."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _try(["apt-get", "update", "-q"])
        if _try(["apt-get", "install", "-q", "-y", "chromium"]):
            return
    _try([sys.executable, "-m", "playwright", "install", "chromium"])


def _try(command: Sequence[str]) -> bool:
    print("$", *command, flush=True)
    return subprocess.run(command, check=False).returncode == 0


if __name__ == "__main__":
    if find() is None:
        install()
    print(f"The browser tests drive {find_or_explain()}")
