"""Resolving a push in doubt in a browser, with evidence of each kind beside the question."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Locator, Page, expect

from permits.models import Permit, SyncAttempt
from tests.browser import CheckAccessibility
from tests.engine.office import now, push
from tests.journeys.hours_ago import hours_ago
from tests.journeys.people import look_at, say
from tests.portal import Portal
from tests.reconcile.office import count, lasting, lose_a_push, pass_time
from tests.sandbox_server import Sandbox
from tests.spoken import ENGLISH, Words

SignIn = Callable[[Page, User], Page]
BY_ITSELF: Final = "Nothing is done by itself: this only helps you to find out."
ROSE: Final = (
    "Beyond all our certain calls the zone's count rose by %(count)d, "
    "and nothing but this push can have done that.",
    "Beyond all our certain calls the zone's count rose by %(count)d, "
    "which takes this push and every other one in doubt.",
)
RECORDED: Final = "%(plate)s: recorded as on the controller, with reference ID %(reference)s."


@pytest.fixture
def supervisor(
    portal: Portal, page: Page, signed_in: SignIn, axe: CheckAccessibility
) -> Iterator[Page]:
    """A supervisor's browser, whose last page is accessible in both themes."""
    yield signed_in(page, portal.staff.supervisor)
    look_at(page, axe)


def counted_doubt(sandbox: Sandbox, *, applied: bool) -> SyncAttempt:
    """A push in doubt whose zone was counted before it and after."""
    with hours_ago(2) as clock:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=applied)
        pass_time(clock, minutes=10)
        count()
    return doubt


def resolve(page: Page, doubt: SyncAttempt, words: Words = ENGLISH) -> Locator:
    """Go to Resolve as a person would; the evidence that stands there."""
    assert doubt.permit is not None
    page.goto(doubt.permit.get_absolute_url())
    page.get_by_role("link", name=words("Resolve"), exact=True).click()
    expect(page.get_by_role("heading", name=words("It is on the controller"))).to_be_visible()
    evidence = page.get_by_role("region", name=words("What shows whether it arrived"))
    expect(evidence).to_contain_text(words(BY_ITSELF))
    return evidence


@pytest.mark.portal(OPSCOM_TOTALS_OTHERS="no", OPSCOM_TOTALS_EXPIRED="yes")
class TestByCounts:
    """The installation has stated what the totals include, which counts need to prove anything."""

    def test_it_arrived_and_the_person_says_so(
        self, supervisor: Page, sandbox: Sandbox, words: Words
    ) -> None:
        doubt = counted_doubt(sandbox, applied=True)
        evidence = resolve(supervisor, doubt, words)
        expect(evidence).to_contain_text(words("Points to: it arrived"))
        expect(evidence).to_contain_text(words.many(*ROSE, 1))
        facts = evidence.locator("dl")
        for when, counted in {"Counted before": 1, "Counted after": 2}.items():
            expect(facts).to_contain_text(re.compile(rf"{words(when)}\s*{counted},"))
        (record,) = (each for each in sandbox.records("live") if each["plate"] == "LOST 1")
        there = supervisor.locator("form", has_text=words("It is on the controller"))
        there.get_by_label(words("Reference ID")).fill(record["reference"])
        there.get_by_label(words("Reason")).fill("The count rose by it, and I see it.")
        there.get_by_role("button", name=words("It is there")).click()
        say(supervisor, words(RECORDED, plate="LOST 1", reference=record["reference"]))
        assert outcome(doubt) == (Permit.State.SYNCED, record["reference"])
        assert len(sandbox.requests("push")) == 2

    def test_it_did_not_and_the_person_pushes_it_again(
        self, supervisor: Page, sandbox: Sandbox
    ) -> None:
        doubt = counted_doubt(sandbox, applied=False)
        evidence = resolve(supervisor, doubt)
        expect(evidence).to_contain_text("Points to: it did not arrive")
        expect(evidence).to_contain_text("did not rise by anything but our certain calls")
        say_it_is_not_there(supervisor)
        say(supervisor, "It is on the controller")
        (record,) = (each for each in sandbox.records("live") if each["plate"] == "LOST 1")
        assert outcome(doubt) == (Permit.State.SYNCED, record["reference"])

    def test_the_zone_leads_to_its_counts_over_time(
        self, supervisor: Page, sandbox: Sandbox
    ) -> None:
        evidence = resolve(supervisor, counted_doubt(sandbox, applied=True))
        evidence.get_by_role("link", name="Lot 4").click()
        expect(supervisor.get_by_role("heading", name="Lot 4", level=1)).to_be_visible()
        expect(supervisor.get_by_role("img")).to_be_visible()


def test_a_later_9022_points_to_arrival(supervisor: Page, sandbox: Sandbox) -> None:
    """No count is needed: the push that a person repeated is refused as existing already."""
    sandbox.settings(duplicates="refuse")
    doubt = lose_a_push(sandbox, applied=True)
    expect(resolve(supervisor, doubt)).to_contain_text("Points to: cannot tell")
    say_it_is_not_there(supervisor)
    expect(supervisor.locator("main")).to_contain_text("9022")
    evidence = resolve(supervisor, doubt)
    expect(evidence).to_contain_text("Points to: it arrived")
    expect(evidence).to_contain_text("refused later as existing already (9022)")
    expect(supervisor.get_by_role("button", name="It is not there")).to_have_count(0)
    assert [record["plate"] for record in sandbox.records("live")] == ["LOST 1"]


def test_where_nobody_has_stated_whose_records_are_counted_it_cannot_tell(
    supervisor: Page, sandbox: Sandbox
) -> None:
    doubt = counted_doubt(sandbox, applied=True)
    evidence = resolve(supervisor, doubt)
    expect(evidence).to_contain_text("Points to: cannot tell")
    expect(evidence).to_contain_text("OPSCOM_TOTALS_OTHERS")
    assert outcome(doubt) == (Permit.State.IN_DOUBT, "")


def test_other_calls_of_the_plate_stand_beside_the_question(
    supervisor: Page, sandbox: Sandbox
) -> None:
    other = push(lasting("LOST 1", ticket_number="T-1"))
    evidence = resolve(supervisor, lose_a_push(sandbox, applied=False))
    calls = evidence.get_by_role("table").get_by_role("row", name="LOST 1")
    expect(calls).to_have_count(1)
    calls.get_by_role("link", name="LOST 1").click()
    expect(supervisor).to_have_url(re.compile(f"{other.get_absolute_url()}$"))


def say_it_is_not_there(page: Page) -> None:
    """Decide that the push did not arrive, and so push again."""
    form = page.locator("form", has_text="It is not on the controller")
    form.get_by_label("Reason").fill("I looked, and it is not there.")
    form.get_by_role("button", name="It is not there").click()


def outcome(doubt: SyncAttempt) -> tuple[str, str]:
    """The state of the permit now, and its reference ID."""
    assert doubt.permit is not None
    permit = now(doubt.permit)
    return permit.state, permit.reference_id
