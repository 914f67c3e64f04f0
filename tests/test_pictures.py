"""The pictures of the README and the guides: a morning at the counter, as the portal shows it."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from permits import proof
from permits.models import Permit, Source, Zone
from tests.portal import Portal
from tests.sandbox_server import Sandbox

TakePicture = Callable[[Page, str], None]
SignIn = Callable[[Page, User], Page]

MORNING = (
    # plate, zone, ticket, minutes since it began, hours, amount
    ("CKXR 419", "Main Street", "T-20418", 205, 4, "16.00"),
    ("BWHN 220", "Main Street", "T-20419", 190, 2, "8.00"),
    ("AJ 71 802", "Harbour Street", "T-20421", 170, 8, "24.00"),
    ("CNDL 338", "North Garage", "T-20422", 150, 24, "18.50"),
    ("GV 55 120", "City Hall Visitors", "", 128, 2, ""),
    ("BPTK 907", "Fairgrounds", "T-20425", 95, 4, "9.00"),
    ("CRMS 514", "Lot 2", "T-20426", 64, 1, "4.00"),
    ("EVSE 003", "South Garage", "T-20427", 41, 8, "22.00"),
    ("BXLL 670", "Harbour Street", "T-20430", 22, 2, "8.00"),
)
REFUSED = ("CTAW 128", "Main Street", "T-20431", 12, 1, "4.00")
IN_DOUBT = ("CLVN 846", "Lot 1", "T-20432", 6, 2, "8.00")
NOT_YET = ("CYTR 233", "Lot 2", "T-20433", 2, 4, "9.00")
EXTENDED = "EVSE 003"


@pytest.mark.pictures
def test_a_morning_at_the_counter(
    portal: Portal, sandbox: Sandbox, page: Page, signed_in: SignIn, picture: TakePicture
) -> None:
    portal.manage("reconcile")
    clerk = portal.staff.clerk
    for row in MORNING:
        enter(clerk, *row)
    portal.manage("send_permits")
    sandbox.fault("error", code=9005, message="The end time is invalid.")
    enter(clerk, *REFUSED)
    portal.manage("send_permits", check=False)
    sandbox.fault("close")
    enter(clerk, *IN_DOUBT)
    portal.manage("send_permits", check=False)
    enter(clerk, *NOT_YET, state=Permit.State.DRAFT)

    page.set_viewport_size({"width": 1280, "height": 1090})
    signed_in(page, portal.staff.supervisor)
    extended = Permit.objects.get(plate=EXTENDED)
    page.goto(extended.get_absolute_url())
    page.get_by_label("Amount").fill("26.00")
    page.get_by_role("button", name="Save and update").click()
    later = timezone.localtime(extended.end_time + timedelta(hours=2))
    page.get_by_label("End", exact=True).fill(f"{later:%Y-%m-%dT%H:%M:%S}")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(extended.get_absolute_url())  # without what is said once
    picture(page, "permit")
    page.set_viewport_size({"width": 1280, "height": 920})
    page.goto("/permits/permit/")
    picture(page, "permits")
    page.set_viewport_size({"width": 1280, "height": 760})
    page.goto("/permits/permit/?needs=unknown")
    picture(page, "needs")
    page.goto(f"/permits/permit/{Permit.objects.get(plate=IN_DOUBT[0]).pk}/resolve/")
    picture(page, "resolve")
    page.goto("/permits/permit/add/")
    page.get_by_label("Plate", exact=True).press_sequentially(EXTENDED)
    page.get_by_label("2 h").check()
    page.get_by_role("combobox", name="Zone").fill("South Garage")
    page.get_by_label("Amount").fill("4.00")
    expect(page.get_by_role("complementary", name="Permits of this plate")).to_be_visible()
    picture(page, "new")
    page.get_by_label("Plate", exact=True).fill("CZNB 118")
    expect(page.get_by_role("complementary", name="Permits of this plate")).to_be_hidden()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#reference")).to_be_visible()
    picture(page, "pushed")
    page.goto("/permits/syncattempt/")
    picture(page, "history")
    proof.make_seal("")
    proof.verify("")
    page.goto("/proof/")
    picture(page, "proof")


def enter(
    clerk: User,
    plate: str,
    zone: str,
    ticket: str,
    minutes: int,
    hours: int,
    amount: str,
    state: Permit.State = Permit.State.QUEUED,
) -> None:
    """Have a permit wait for its push, as if the clerk had entered it so many minutes ago."""
    start = (timezone.now() - timedelta(minutes=minutes)).replace(second=0, microsecond=0)
    permit = Permit(
        plate=plate,
        zone=Zone.objects.get(name=zone),
        ticket_number=ticket,
        start_time=start,
        end_time=start + timedelta(hours=hours),
        amount=Decimal(amount) if amount else None,
        currency="CAD" if amount else "",
        entered_at=start,
        entered_by=clerk.username,
        asked_by=clerk.username,
        asked_through=Source.FORM,
        state=state,
    )
    permit._history_user = clerk  # type: ignore[attr-defined]
    permit._history_date = start  # type: ignore[attr-defined]
    permit.save()
