"""The run that the vendor asks for, in a browser: from the controller's page to its transcript."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from permits import validation
from permits.models import Validation
from permits.moments import to_the_millisecond
from permits.validation import plan
from tests.browser import CheckAccessibility
from tests.journeys.people import look_at
from tests.portal import Portal, Worker
from tests.sandbox_server import TOKEN, Sandbox

SignIn = Callable[[Page, User], Page]
A_RUN: Final = 60_000  # milliseconds at most, on a busy machine


@pytest.fixture
def supervisor(portal: Portal, page: Page, signed_in: SignIn) -> Page:
    """A supervisor's browser."""
    return signed_in(page, portal.staff.supervisor)


def test_from_the_controllers_page_to_the_transcript_as_text(
    supervisor: Page, worker: Worker, sandbox: Sandbox, axe: CheckAccessibility
) -> None:
    page = supervisor
    page.goto("/controller/")
    page.get_by_role("link", name="Validation run …").click()
    page.get_by_label("Make these calls to the controller now").check()
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".head").get_by_text("Passed")).to_be_visible(timeout=A_RUN)
    steps = page.get_by_role("region", name="Transcript").get_by_role("listitem")
    expect(steps).to_have_count(len(plan.LABELS))
    expect(steps.and_(page.locator("[data-standing=good]"))).to_have_count(len(plan.LABELS))
    expect(page.locator("main")).not_to_contain_text(TOKEN)
    look_at(page, axe)
    with page.expect_download() as arriving:
        page.get_by_role("link", name="As text").click()
    run = Validation.objects.get()
    assert arriving.value.suggested_filename == f"validation-{run.pk}.txt"
    text = Path(arriving.value.path()).read_text(encoding="utf-8")
    assert text == validation.text(run)
    assert f"{len(plan.LABELS)}. Nothing is left on the controller: As it should" in text
    assert TOKEN not in text
    assert sandbox.records("live") == []


def test_printed_it_is_whole_and_nothing_but_the_transcript(
    supervisor: Page, sandbox: Sandbox
) -> None:
    run = validation.run(validation.ask(actor="supervisor").pk)
    assert run is not None
    page = supervisor
    page.goto(run.get_absolute_url())
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(23, 26, 32)"
    assert run.ended_at is not None
    ended = to_the_millisecond(run.ended_at)  # no word such as today: paper outlasts it
    expect(page.get_by_role("region", name="Validation of permitportal")).to_contain_text(ended)
    for aside in (page.locator(".top"), page.get_by_role("link", name="As text")):
        expect(aside.first).to_be_hidden()
    for words in ("Validation of permitportal", "Client code", "Passed"):
        expect(page.get_by_text(words).first).to_be_visible()
    for call in page.locator(".finding pre").all():
        seen, whole = call.evaluate("each => [each.clientHeight, each.scrollHeight]")
        assert whole <= seen, "A call is cut off on paper."
