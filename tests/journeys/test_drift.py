"""The drift board in a browser: from the flag at home to the picture, the window and its calls."""

import re
from collections.abc import Callable
from typing import Final

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from permits.models import Permit, SyncAttempt, Zone
from tests.browser import CheckAccessibility
from tests.engine.office import push
from tests.journeys.hours_ago import hours_ago
from tests.journeys.people import look_at, say
from tests.portal import Portal
from tests.reconcile.office import count, lasting, lose_a_push, pass_time
from tests.sandbox_server import Sandbox
from tests.spoken import Words

SignIn = Callable[[Page, User], Page]
FOREIGN = {"start": "2096-01-01T00:00:00", "end": "2096-01-02T00:00:00"}
CALLS: Final = "Calls of the time in which it last went out of step"
PICTURE: Final = (
    "The controller's count over time beside the band of what should stand there. Last: %(last)s."
)


@pytest.fixture
def past(portal: Portal, sandbox: Sandbox) -> None:
    """Lot 4 out of step, Lot 1 renamed, Lot 2 with a push in doubt; for more than an hour."""
    lots = {name: Zone.objects.create(name=name) for name in ("Lot 1", "Lot 2")}
    with hours_ago(4) as clock:
        push(lasting("BEFORE 1"))
        for number in range(3):
            push(lasting(f"MOVED {number}", zone=lots["Lot 1"]))
        push(lasting("OTHER 1", zone=lots["Lot 2"]))
        for minutes in (1, 15):
            pass_time(clock, minutes=minutes)
            count()
        pass_time(clock, minutes=1)
        push(lasting("WITHIN 1"))
        lose_a_push(sandbox, applied=True, zone=lots["Lot 2"])
        sandbox.add_record(plate="X 1", zone="Lot 4", **FOREIGN)
        sandbox.zones(rename="Lot 1", to="Lot One")
        for minutes in (15, 61):
            pass_time(clock, minutes=minutes)
            count()


@pytest.fixture
def supervisor(portal: Portal, page: Page, signed_in: SignIn) -> Page:
    """A supervisor's browser."""
    return signed_in(page, portal.staff.supervisor)


@pytest.mark.usefixtures("past")
def test_the_board_says_how_each_zone_stands(supervisor: Page, axe: CheckAccessibility) -> None:
    page = supervisor
    page.goto("/")
    page.get_by_role("link", name=re.compile("Zones? out of step")).click()
    expect(page.get_by_role("heading", name="Drift", level=1)).to_be_visible()
    for zone, words in {
        "Lot 4": ["Drift", "The controller counts 1 record that nothing of ours explains."],
        "Lot 1": ["not named", "counts as many in Lot One", "perhaps it was renamed"],
        "Lot One": ["Drift", "The controller counts permits here, and we know of none."],
        "Lot 2": ["1 to 2", "In step", "It fits, within what is uncertain.", "1 unknown outcome."],
    }.items():
        row = page.locator("table.drift tbody tr").filter(
            has=page.get_by_role("link", name=zone, exact=True)
        )
        for part in words:
            expect(row).to_contain_text(part)
    first = page.locator("table.drift tbody tr").first
    expect(first).to_contain_text("Out of step since")
    unknown = page.get_by_role("region", name="What the totals include")
    expect(unknown.get_by_text("Cannot tell yet")).to_have_count(2)
    look_at(page, axe)


@pytest.mark.usefixtures("past")
def test_a_zone_shows_its_picture_its_window_and_the_calls_of_that_time(
    supervisor: Page, axe: CheckAccessibility, words: Words
) -> None:
    page = supervisor
    page.goto("/controller/drift/")
    page.get_by_role("link", name="Lot 4", exact=True).click()
    now = page.get_by_role("region", name=words("As last counted"))
    may_stand, unknown = words("May stand there"), words("Unknown outcomes")
    expect(now).to_contain_text(re.compile(rf"{may_stand}\s*2\s*{unknown}\s*0"))
    picture = page.get_by_role("img", name=words(PICTURE, last=3))
    expect(picture).to_be_visible()
    expect(picture.locator("circle.outside")).to_have_count(2)
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        for shape in ("polygon.band", "polyline.ours", "polyline.theirs", "circle.outside"):
            assert lies_within(picture.locator(shape).first, picture)
    when = page.get_by_role("region", name=words("When it was out of step"))
    expect(when).to_contain_text(words("Not yet"))
    expect(when).to_contain_text("+1")
    calls = page.get_by_role("region", name=words(CALLS))
    expect(calls.locator("tbody tr")).to_have_count(1)
    look_at(page, axe)
    calls.get_by_role("link", name="WITHIN 1").click()
    permit = Permit.objects.get(plate="WITHIN 1")
    expect(page).to_have_url(re.compile(f"{permit.get_absolute_url()}$"))
    page.go_back()
    calls.locator("tbody td").first.get_by_role("link").click()
    call = SyncAttempt.objects.get(permit=permit)
    expect(page).to_have_url(re.compile(f"{call.get_absolute_url()}$"))


@pytest.mark.usefixtures("past")
def test_the_picture_shows_a_day_a_week_or_a_year(
    supervisor: Page, axe: CheckAccessibility
) -> None:
    page = supervisor
    page.goto("/controller/drift/zone/?name=Lot%204")
    spans = page.get_by_role("navigation", name="Span")
    for word in ("Week", "Year", "Day"):
        spans.get_by_role("link", name=word).click()
        chosen = spans.locator("[aria-current=true]")
        expect(chosen).to_have_text(word)
        expect(page.get_by_role("img", name=re.compile("count over time"))).to_be_visible()
    look_at(page, axe)


@pytest.mark.usefixtures("past")
def test_once_the_cause_is_gone_counting_now_ends_it(supervisor: Page, sandbox: Sandbox) -> None:
    page = supervisor
    (foreign,) = (each for each in sandbox.records("live") if each["plate"] == "X 1")
    sandbox.lose_record(foreign["reference"])
    sandbox.zones(rename="Lot One", to="Lot 1")
    page.goto("/controller/drift/")
    page.get_by_role("button", name="Count now").click()
    say(page, "Fetched: the controller counts 7 permits")
    expect(page.locator("main .head .pill")).to_have_text("In step")
    page.get_by_role("link", name="Lot 4", exact=True).click()
    when = page.get_by_role("region", name="When it was out of step")
    expect(when).not_to_contain_text("Not yet")


def lies_within(shape: Locator, picture: Locator) -> bool:
    """Whether something is drawn, and none of it outside of the picture."""
    inner, outer = shape.bounding_box(), picture.bounding_box()
    assert inner
    assert outer
    return (
        inner["width"] + inner["height"] > 0
        and outer["x"] - 1 <= inner["x"]
        and outer["y"] - 1 <= inner["y"]
        and inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
        and inner["y"] + inner["height"] <= outer["y"] + outer["height"] + 1
    )
