"""The browser the tests drive notices what it must and reaches nothing but the portal."""

import pytest
from playwright.sync_api import Error, Page

from tests.browser import Console


def test_it_notices_what_the_policy_forbids(page: Page, console: Console) -> None:
    page.goto("/login/")
    page.evaluate("document.body.setAttribute('onclick', 'alert()')")
    console.expect("Content Security Policy")


def test_it_notices_a_script_that_fails(page: Page, console: Console) -> None:
    page.goto("/login/")
    page.evaluate("setTimeout(() => { throw new Error('a script has failed') })")
    console.expect("a script has failed")


def test_it_reaches_no_other_machine(page: Page) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.org/")
