"""Bulk runs with a real worker: the page moves by itself, and nothing stands in a clerk's way."""

import time
from collections.abc import Callable
from typing import Final

from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from permits.models import Batch, Permit, Zone
from tests.engine.office import enter
from tests.journeys.people import say
from tests.portal import Portal, Worker
from tests.processes import wait_until
from tests.sandbox_server import Sandbox
from tests.spoken import ENGLISH, Words

SignIn = Callable[[Page, User], Page]
SETTLED: Final = "%(settled)s of %(total)s permits settled"
# Whether the button is still there, where it gets the focus while the new text comes in.
STAYS_WHILE_PRESSED: Final = """() => new Promise((tell) => {
  const text = Response.prototype.text;
  Response.prototype.text = async function () {
    const words = await text.call(this);
    const button = document.querySelector("#progress button");
    button.focus();
    setTimeout(() => tell(button.isConnected));
    return words;
  };
})"""


def enter_many(count: int) -> None:
    """Enter so many permits, all drafts."""
    like = enter(plate="P 0")
    Permit.objects.bulk_create(
        Permit(
            plate=f"P {number}",
            zone=like.zone,
            start_time=like.start_time,
            end_time=like.end_time,
        )
        for number in range(1, count)
    )


def push_all(page: Page, count: int, words: Words = ENGLISH) -> Batch:
    """Have all permits pushed in one run, whose page is then shown."""
    shown = f"{count:,}"
    page.goto("/permits/permit/")
    page.get_by_label(words("all that match: %(count)s", count=shown)).check()
    page.get_by_role("button", name=f"{words('Push')} …").click()
    push = words.many("Push %(count)s permit", "Push %(count)s permits", count, count=shown)
    page.get_by_role("button", name=push).click()
    settled, _, total = words(SETTLED, settled="|", total=shown).partition("|")
    expect(page.locator("#progress")).to_contain_text(settled)
    expect(page.locator("#progress")).to_contain_text(total)
    return Batch.objects.get()


def test_the_page_moves_by_itself_and_ends(
    portal: Portal, worker: Worker, sandbox: Sandbox, page: Page, signed_in: SignIn, words: Words
) -> None:
    enter_many(40)
    sandbox.settings(delay=0.3)
    loads: list[str] = []
    push_all(signed_in(page, portal.staff.clerk), 40, words)
    page.wait_for_load_state()  # its own is not one of those that must not come
    page.on("load", lambda shown: loads.append(shown.url))
    bar = page.locator("#bar")
    expect(page.get_by_role("button", name=words("Stop"))).to_be_visible()
    wait_until(lambda: 0 < int(bar.get_attribute("value") or 0) < 40)
    sandbox.settings(delay=0)
    expect(page.locator("#standing")).to_have_text(words("Finished"), timeout=20_000)
    expect(page.locator("#progress")).to_contain_text(words(SETTLED, settled=40, total=40))
    expect(page.get_by_role("button", name=words("Stop"))).to_have_count(0)
    assert not loads
    assert len(sandbox.records("live")) == 40


def test_a_run_survives_a_killed_worker_and_a_clerk_never_waits_for_it(
    portal: Portal, worker: Worker, sandbox: Sandbox, page: Page, signed_in: SignIn
) -> None:
    Zone.objects.get_or_create(name="Lot 4")
    enter_many(2_000)
    sandbox.settings(delay=0.2)
    run = push_all(signed_in(page, portal.staff.clerk), 2_000)
    wait_until(lambda: sandbox.records("live"))

    page.goto("/permits/permit/add/")
    page.get_by_label("Plate", exact=True).fill("IN A HURRY")
    page.get_by_label("End", exact=True).fill("2099-01-01T09:30:00")
    began = time.monotonic()
    page.get_by_role("button", name="Save and push").click()
    say(page, "IN A HURRY: It is on the controller.")
    took = time.monotonic() - began
    settled = run.items.exclude(result__in=("waiting", "queued")).count()
    assert settled < 1_500, "The run was over before the clerk's push could overtake it."
    assert took < 5, f"The clerk waited {took:.1f} s."

    worker.kill()
    sent = len(sandbox.records())
    page.goto(run.get_absolute_url())
    expect(page.locator("#standing")).to_have_text("Running")
    worker.start()
    wait_until(lambda: len(sandbox.records()) > sent)
    assert page.evaluate(STAYS_WHILE_PRESSED), "The button vanished under the hand."
    page.get_by_role("button", name="Stop").click()
    say(page, "Stopped.")
    expect(page.locator("#standing")).to_have_text("Stopped")
    assert max(plate_counts(sandbox).values()) == 1


def plate_counts(sandbox: Sandbox) -> dict[str, int]:
    """How many records the controller holds of each plate."""
    plates = [record["plate"] for record in sandbox.records()]
    return {plate: plates.count(plate) for plate in set(plates)}
