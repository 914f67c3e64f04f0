"""Narrowing the list of permits down, keeping views of it, and the answer for a plate."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import User

from permits.models import Permit, SavedView, Zone
from tests import environment
from tests.engine.office import edit, enter, push, withdraw
from tests.pages.desk import PERMITS, Desk, Desks
from tests.pages.reading import Page
from tests.sandbox_server import Sandbox

NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)  # on the staff's clock
HOUR = timedelta(hours=1)
FORM = f"{PERMITS}views/save/"


def plates(page: Page) -> set[str]:
    return {row["Plate"] for row in page.rows()}


def chips(page: Page) -> list[str]:
    return [chip.all("span")[0].text for chip in page.root.all("a.chip")]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "found", "chip"),
        [
            ("valid_at=2026-11-23T12:00", {"NOW 1", "LONG 1"}, "Valid at: today 12:00"),
            ("valid_at=2026-11-23T13:00", {"LONG 1"}, None),
            ("valid_from=2026-11-24&valid_to=2026-11-24", {"LONG 1", "NEXT 1"}, None),
            ("valid_from=2026-11-25", {"LONG 1"}, "Valid between: from 2026-11-25"),
            ("valid_to=2026-11-23", {"NOW 1", "LONG 1", "GONE 1"}, None),
            ("entered_from=2026-11-02&entered_to=2026-11-02", {"NEXT 1"}, None),
            ("entered_to=2026-11-01", {"NOW 1"}, "Entered: to 2026-11-01"),
            ("amount_from=5&amount_to=20", {"NEXT 1", "LONG 1"}, "Amount: from 5.00 to 20.00"),
            ("amount_to=4.99", {"NOW 1"}, "Amount: to 4.99"),
            ("entered_by=anna", {"NOW 1", "NEXT 1"}, "Entered by: anna"),
            ("entered_by=anna&amount_from=5&state=draft", {"NEXT 1"}, None),
        ],
    )
    def test_narrow_the_list_down(
        self, desks: Desks, query: str, found: set[str], chip: str | None
    ) -> None:
        four = (
            ("NOW 1", NOON - HOUR, NOON + HOUR, "4.99", "anna"),
            ("NEXT 1", NOON + 20 * HOUR, NOON + 21 * HOUR, "5", "anna"),
            ("LONG 1", NOON - 90 * HOUR, NOON + 900 * HOUR, "20", "bert"),
            ("GONE 1", NOON - HOUR, NOON + HOUR, "20.01", "bert"),
        )
        for day, (plate, start, end, amount, clerk) in enumerate(four, start=1):
            permit = enter(plate=plate, start_time=start, end_time=end, amount=Decimal(amount))
            Permit.objects.filter(pk=permit.pk).update(
                entered_by=clerk, entered_at=datetime(2026, 11, day, 17, tzinfo=UTC)
            )
        Permit.objects.filter(plate="GONE 1").update(
            withdrawn_at=NOON, state="deleted", amount=None
        )
        with time_machine.travel(NOON, tick=False):
            page = desks.clerk.open(f"{PERMITS}?{query}")
            others = [
                chips(desks.clerk.open(f"{PERMITS}{link.attributes['href']}"))
                for link in page.root.all("a.chip")
            ]
        assert plates(page) == found
        assert chip is None or chips(page) == [chip]
        assert [len(left) for left in others] == [len(others) - 1] * len(others)

    @pytest.mark.parametrize(
        "query",
        ["valid_at=x", "valid_at=2026-99-01T00:00", "valid_from=x&valid_to=0000-01-01",
         "amount_to=x",
         "amount_from=1e9", "entered_from=9999-12-31",
         "valid_at=0001-01-01T00:00", "entered_by=%00"],
    )  # fmt: skip
    def test_that_cannot_be_read_break_nothing(self, desks: Desks, query: str) -> None:
        enter()
        assert desks.clerk.open(f"{PERMITS}?{query}").status == 200

    @pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL plans by what it counted")
    def test_what_one_person_entered_is_read_in_order_along_an_index(self, database: str) -> None:
        plan = Permit.objects.filter(entered_by="anna").order_by("-pk")[:50].explain()
        assert "permit_by_clerk" in plan
        assert "TEMP B-TREE" not in plan

    def test_stand_folded_until_one_is_in_use(self, desks: Desks) -> None:
        enter()
        folded = desks.clerk.open(PERMITS).root.one("details.further")
        assert "open" not in folded.attributes
        page = desks.clerk.open(f"{PERMITS}?amount_from=5")
        assert "open" in page.root.one("details.further").attributes
        (typed,) = page.root.all("[name=amount_from]")
        assert typed.attributes["value"] == "5.00"


class TestViews:
    def views(self, desk: Desk) -> dict[str, str]:
        page = desk.open(PERMITS)
        return {
            link.text: link.attributes["href"]
            for views in page.root.all("div.views")
            for link in views.all("a")
        }

    def save(self, desk: Desk, name: str, query: str) -> Page:
        return desk.press(desk.open(f"{PERMITS}?{query}"), "Save", name=name)

    def test_is_saved_by_a_name_and_shown_above_the_list(self, desks: Desks) -> None:
        enter(plate="ABC 1")
        push(enter(plate="ABC 2"))
        page = self.save(desks.clerk, "  Not   pushed ", "state=draft&q=ABC&after=99")
        assert page.message == "“Not pushed” is saved among your views."
        (address,) = self.views(desks.clerk).values()
        assert address == "?q=ABC&state=draft"
        assert plates(desks.clerk.open(f"{PERMITS}{address}")) == {"ABC 1"}

    def test_is_its_owners_alone(self, desks: Desks) -> None:
        self.save(desks.clerk, "Mine", "state=draft")
        view = SavedView.objects.get()
        assert self.views(desks.supervisor) == {}
        desks.supervisor.post(f"{PERMITS}views/{view.pk}/remove/")
        assert SavedView.objects.get() == view

    def test_under_a_name_that_is_there_takes_its_place(self, desks: Desks) -> None:
        self.save(desks.clerk, "Mine", "state=draft")
        self.save(desks.clerk, "Mine", "state=queued")
        assert self.views(desks.clerk) == {"Mine": "?state=queued"}

    def test_is_removed_where_it_is_shown(self, desks: Desks) -> None:
        self.save(desks.clerk, "Mine", "state=draft")
        page = desks.clerk.open(f"{PERMITS}?state=draft")
        assert not page.root.all("details.view-save")
        page = desks.clerk.press(page, "Remove the view Mine")
        assert page.message == "“Mine” is removed."
        assert not SavedView.objects.exists()

    @pytest.mark.parametrize(
        ("name", "query"), [("", "state=draft"), ("Mine", ""), ("Mine", "after=5"), ("\0", "q=A")]
    )
    def test_needs_a_name_and_something_to_keep(self, desks: Desks, name: str, query: str) -> None:
        page = desks.clerk.post(FORM, {"name": name, "query": query})
        assert page.message == "Give the view a name, and the list a filter to keep."
        assert not SavedView.objects.exists()

    def test_takes_a_post_by_somebody_who_may_see_the_list(self, desks: Desks) -> None:
        sent = {"name": "Mine", "query": "state=draft"}
        assert desks.clerk.client.get(FORM, sent).status_code == 405
        assert desks.stranger.client.post(FORM, sent).status_code == 403
        assert not SavedView.objects.exists()

    def test_goes_with_its_owner(self, desks: Desks) -> None:
        self.save(desks.clerk, "Mine", "state=draft")
        User.objects.get(username="clerk").delete()
        assert not SavedView.objects.exists()


class TestTheAnswerForAPlate:
    def ask(self, desk: Desk, typed: str = "abc123") -> str:
        """What stands above the list, asked at noon; nothing where nothing does."""
        with time_machine.travel(NOON, tick=False):
            page = desk.client.get(PERMITS, {"q": typed}, follow=True).content.decode()
        found = Page(page, status=200, path=PERMITS).root.all("section.allowed")
        return found[0].text if found else ""

    def enter(self, start: timedelta = -HOUR, end: timedelta = HOUR, **more: object) -> Permit:
        return enter(start_time=NOON + start, end_time=NOON + end, **more)

    @pytest.fixture
    def annexe(self) -> Zone:
        """A second zone; the controller has reported both."""
        Zone.objects.update_or_create(name="Lot 4", defaults={"last_reported_at": NOON})
        return Zone.objects.create(name="Annexe", last_reported_at=NOON)

    def test_is_yes_zone_by_zone_while_the_controller_holds_it(
        self, desks: Desks, annexe: Zone
    ) -> None:
        push(self.enter())
        push(self.enter(end=2 * HOUR, ticket_number="T-2"))
        push(self.enter(zone=annexe, ticket_number="T-3"))
        assert self.ask(desks.clerk) == (
            "ABC 123 is allowed now. Annexe until today 13:00. Lot 4 until today 14:00."
        )

    def test_is_yes_with_a_catch_in_a_zone_that_the_controller_never_reported(
        self, desks: Desks
    ) -> None:
        push(self.enter())
        assert self.ask(desks.clerk) == (
            "ABC 123 is allowed, with a catch. "
            "Lot 4 until today 13:00, but the controller has never reported this zone."
        )

    def test_is_yes_with_a_catch_while_it_does_not(self, desks: Desks) -> None:
        self.enter()
        assert self.ask(desks.auditor) == (
            "ABC 123 is allowed, with a catch. "
            "Lot 4 until today 13:00, but the controller does not hold it."
        )

    def test_tells_of_an_end_that_the_controller_was_not_told(self, desks: Desks) -> None:
        edit(push(self.enter()), end_time=NOON + 3 * HOUR)
        assert "Lot 4 until today 15:00, but the controller still has what was before." in (
            self.ask(desks.clerk)
        )

    def test_tells_of_an_outcome_that_is_unknown(self, desks: Desks, sandbox: Sandbox) -> None:
        self.enter()
        Permit.objects.update(state=Permit.State.IN_DOUBT)
        assert "but the controller may not hold it" in self.ask(desks.clerk)

    def test_is_no_with_what_ended_and_what_comes(self, desks: Desks) -> None:
        self.enter(start=-3 * HOUR, end=-2 * HOUR)
        self.enter(start=20 * HOUR, end=21 * HOUR, zone=None)
        assert self.ask(desks.clerk) == (
            "abc123 is not allowed anywhere now. Next: No zone, from tomorrow 08:00. "
            "The last one ended today 10:00: Lot 4."
        )

    def test_is_no_once_it_was_withdrawn(self, desks: Desks) -> None:
        withdraw(push(self.enter()))
        assert self.ask(desks.clerk).startswith("abc123 is not allowed anywhere now.")

    @pytest.mark.parametrize("typed", ["T-100", "ABC", "NOTHING", ""])
    def test_is_given_for_a_whole_plate_alone(self, desks: Desks, typed: str) -> None:
        self.enter()
        assert self.ask(desks.clerk, typed) == ""
