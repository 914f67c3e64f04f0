"""A driver complains about a ticket of Tuesday: what happened, why, and who put it right.

The plate and the day are known. An auditor comes from the home page to the call that failed, its
reason and whoever resolved it in at most five clicks, in either language.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from permits import sync
from permits.models import Permit, Source
from tests.engine.office import send
from tests.portal import Portal
from tests.reconcile.office import lasting
from tests.sandbox_server import Sandbox
from tests.spoken import Words

SignIn = Callable[[Page, User], Page]
PLATE: Final = "TUE 123"
MOST: Final = 5  # clicks
OUTLINE: Final = """() => {
  const style = getComputedStyle(document.querySelector(".chart rect"));
  const probe = document.body.appendChild(document.createElement("p"));
  probe.style.color = "CanvasText";
  const text = getComputedStyle(probe).color;
  probe.remove();
  return style.stroke === text && style.strokeWidth !== "0px";
}"""


class Mouse:
    """A hand that counts its clicks."""

    def __init__(self) -> None:
        self.clicks = 0

    def click(self, what: Locator) -> None:
        what.click()
        self.clicks += 1


def last_tuesday() -> datetime:
    """Ten in the morning of the last Tuesday before today, on the staff's clock."""
    now = timezone.localtime()
    back = (now.weekday() - 1) % 7 or 7
    return (now - timedelta(days=back)).replace(hour=10, minute=0, second=0, microsecond=0)


def a_push_that_failed(sandbox: Sandbox, supervisor: User, tuesday: datetime) -> Permit:
    """Refused when the clerk pushed it, and put right by a supervisor an hour later."""
    with time_machine.travel(tuesday, tick=False) as clock:
        sandbox.fault("error", code=9005, message="The end time is invalid.")
        permit = lasting(PLATE)
        send(permit)
        clock.shift(timedelta(hours=1))
        permit.end_time += timedelta(days=1)
        permit.version += 1
        permit._history_user = supervisor  # type: ignore[attr-defined]
        permit.save()
        sync.ask(permit.pk, actor=supervisor.get_username(), source=Source.FORM)
        assert sync.send(permit.pk)
        send(lasting("OTHER 1"))
    return permit


def test_from_the_plate_and_the_day_to_who_resolved_it(
    portal: Portal, page: Page, signed_in: SignIn, sandbox: Sandbox, words: Words
) -> None:
    tuesday = last_tuesday()
    a_push_that_failed(sandbox, portal.staff.supervisor, tuesday)
    page, mouse = signed_in(page, portal.staff.auditor), Mouse()
    page.goto("/")
    page.emulate_media(forced_colors="active")
    assert page.evaluate(OUTLINE), "A bar has no outline in the reader's own colours."
    page.emulate_media(forced_colors="none")

    mouse.click(page.get_by_role("link", name=words("Sync history")))
    page.get_by_role("searchbox").fill(PLATE)
    page.get_by_label(words("From"), exact=True).fill(f"{tuesday:%Y-%m-%d}")
    page.get_by_label(words("To"), exact=True).fill(f"{tuesday:%Y-%m-%d}")
    mouse.click(page.get_by_role("button", name=words("Apply")))
    refused = page.get_by_role("row", name=words("Refused"))
    expect(refused).to_have_count(1)
    expect(page.get_by_role("row", name="OTHER 1")).to_have_count(0)

    mouse.click(refused.get_by_role("rowheader").get_by_role("link"))
    why = words("the end time is invalid", context="stored")
    expect(page.locator("main")).to_contain_text(f"{why[0].upper()}{why[1:]} (9005).")
    about = page.get_by_role("region", name=words("About this call"))
    through = words("through: %(source)s", source=words("Permit page"))
    expect(about).to_contain_text(f"clerk, {through}")
    by_supervisor = words("by %(actor)s, %(moment)s", actor="supervisor", moment="")
    expect(about).to_contain_text(by_supervisor)

    mouse.click(about.get_by_role("link", name=PLATE))
    story = page.get_by_role("region", name=words("What happened"))
    edited = story.get_by_role("listitem").filter(has_text=words("Edited"))
    expect(edited).to_contain_text(by_supervisor)
    pushed = story.get_by_role("listitem").filter(has_text=words("Pushed"))
    expect(pushed).to_contain_text(by_supervisor)

    mouse.click(pushed.get_by_role("link", name=words("Details")))
    expect(page.locator("main")).to_contain_text(words("Done"))
    assert mouse.clicks <= MOST
