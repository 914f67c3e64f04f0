"""Every page says that it is the sandbox when it is, and none does when it is not."""

import pytest
from pytest_django import Settings

from tests.pages.addresses import all_addresses
from tests.pages.desk import Desks
from tests.pages.reading import Page
from tests.portal import Portal

pytestmark = pytest.mark.either

STRIP = "nothing here reaches a real controller"


def pages(desks: Desks, known: dict[str, str]) -> list[Page]:
    """Every page of the portal, as an administrator and as a visitor sees it; refusals too."""
    paths = [address.path(known) for address in all_addresses()]
    shown = [desk.open(path) for path in paths for desk in (desks.root, desks.nobody)]
    return [page for page in shown if "<html" in page.html]


def test_every_page_says_so(desks: Desks, known: dict[str, str]) -> None:
    silent = [page.path for page in pages(desks, known) if STRIP not in page.text]
    assert not silent


def test_no_page_says_so_where_a_controller_is_configured(
    desks: Desks, known: dict[str, str], settings: Settings
) -> None:
    settings.OPSCOM_IS_SANDBOX = False
    assert not [page.path for page in pages(desks, known) if "sandbox" in page.text.lower()]


def test_a_portal_that_is_started_with_a_controller_shows_no_strip(portal: Portal) -> None:
    def says_so() -> list[bool]:
        paths = ("/", "/login/", "/permits/permit/", "/nowhere/")
        session = portal.session(portal.staff.clerk)
        return [STRIP in session.get(f"{portal.url}{path}", timeout=10).text for path in paths]

    assert says_so() == [True] * 4
    portal.restart(OPSCOM_URL="https://controller.example.org")
    assert says_so() == [False] * 4
