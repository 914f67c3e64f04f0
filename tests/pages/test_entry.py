"""A new permit as a plain form: lengths, what the plate has already, zones by a few letters."""

from datetime import timedelta

import pytest
from django.utils import timezone

from permits import lengths
from permits.form_fields import ZoneInput
from permits.models import Permit, Zone
from tests.engine.office import END, START, enter, now, push, withdraw
from tests.pages.desk import ADD, TYPED, Desk, Desks
from tests.pages.reading import Page
from tests.sandbox_server import Sandbox


def enter_by_length(desk: Desk, length: str, end_time: str = "", **changes: str) -> Page:
    """Enter a permit whose length is chosen in place of its end."""
    return desk.enter(push=False, length=length, end_time=end_time, **changes)


class TestALength:
    @pytest.mark.parametrize(
        ("length", "end"),
        [
            ("hours:1", "2026-11-23T05:00:00"),
            ("hours:2", "2026-11-23T06:00:00"),
            ("hours:4", "2026-11-23T08:00:00"),
            ("today", "2026-11-23T23:59:00"),
            ("hours:24", "2026-11-24T04:00:00"),
            ("days:7", "2026-11-30T04:00:00"),
            ("months:1", "2026-12-23T04:00:00"),
        ],
    )
    def test_sets_the_end_from_the_start(self, desks: Desks, length: str, end: str) -> None:
        enter_by_length(desks.clerk, length)
        permit = Permit.objects.get()
        assert f"{timezone.localtime(permit.end_time):%Y-%m-%dT%H:%M:%S}" == end

    def test_every_length_is_offered(self, desks: Desks) -> None:
        inputs = desks.clerk.open(ADD).root.one("fieldset.lengths").all("input")
        offered = [each.attributes["value"] for each in inputs]
        assert offered == ["", *(name for name, _ in lengths.LENGTHS)]

    def test_wins_over_an_end_that_stood_there(self, desks: Desks) -> None:
        enter_by_length(desks.clerk, "hours:1", end_time="2026-11-25T00:00:00")
        permit = Permit.objects.get()
        assert permit.end_time - permit.start_time == timedelta(hours=1)

    def test_of_a_month_ends_on_the_last_day_of_a_shorter_one(self, desks: Desks) -> None:
        enter_by_length(desks.clerk, "months:1", start_time="2027-01-31T09:00:00")
        assert f"{timezone.localtime(Permit.objects.get().end_time):%m-%d %H}" == "02-28 09"

    def test_that_ends_where_the_clocks_go_back_is_refused(self, desks: Desks) -> None:
        page = enter_by_length(desks.clerk, "hours:1", start_time="2026-11-01T00:30:00")
        assert "2026-11-01 01:30 happens twice" in page.problems["end_time"]

    def test_or_an_end_must_be_given(self, desks: Desks) -> None:
        page = enter_by_length(desks.clerk, "")
        assert page.problems == {"end_time": "Choose a length, or enter when the permit ends."}


class TestAnOverlap:
    """The plate has a permit for that time already."""

    def test_is_shown_and_nothing_is_entered(self, desks: Desks, sandbox: Sandbox) -> None:
        other = push(enter(plate="abc-123"))
        page = desks.clerk.enter(push=True)
        assert "This plate already has a permit for that time" in page.alert
        assert other.get_absolute_url() in page.html
        assert Permit.objects.count() == 1
        assert len(sandbox.requests()) == 1

    def test_keeps_everything_typed(self, desks: Desks) -> None:
        enter()
        form = desks.clerk.enter().form("#permit_form")
        assert {name: form[name] for name in TYPED} == TYPED

    def test_that_was_shown_is_no_block(self, desks: Desks, sandbox: Sandbox) -> None:
        enter()
        page = desks.clerk.enter()
        desks.clerk.press(page, "Push anyway")
        assert Permit.objects.count() == 2
        assert len(sandbox.requests("push")) == 1

    def test_that_came_up_since_is_shown_too(self, desks: Desks) -> None:
        enter()
        page = desks.clerk.enter()
        enter()
        page = desks.clerk.press(page, "Save anyway")
        assert "2 permits for that time" in page.text
        assert Permit.objects.count() == 2

    def test_of_a_withdrawn_permit_does_not_count(self, desks: Desks) -> None:
        withdraw(push())
        desks.clerk.enter()
        assert Permit.objects.count() == 2

    @pytest.mark.parametrize("gap", [timedelta(0), timedelta(hours=1)])
    def test_is_none_where_one_ends_as_the_other_starts(self, desks: Desks, gap: timedelta) -> None:
        length = END - START
        enter(start_time=END + gap, end_time=END + gap + length)
        enter(start_time=START - gap - length, end_time=START - gap)
        desks.clerk.enter()
        assert Permit.objects.count() == 3

    def test_while_typing_comes_with_what_can_be_done_in_one_step(self, desks: Desks) -> None:
        now_ = timezone.now()
        permit = push(enter(start_time=now_, end_time=now_ + timedelta(hours=2)))
        page = desks.clerk.open(
            f"/permits/permit/of-plate/?plate=abc123&start={now_:%Y-%m-%dT%H:%M}"
        )
        links = [link.attributes["href"] for link in page.root.all("a.button")]
        assert links == [
            f"/permits/permit/{permit.pk}/extend/",
            f"/permits/permit/{permit.pk}/change-plate/",
        ]

    def test_offers_an_auditor_nothing_to_do(self, desks: Desks) -> None:
        now_ = timezone.now()
        push(enter(start_time=now_, end_time=now_ + timedelta(hours=2)))
        page = desks.auditor.open("/permits/permit/of-plate/?plate=abc123")
        assert "On controller" in page.text
        assert not page.root.all("a.button")


class TestZones:
    def test_that_may_be_meant_are_offered_to_pick(self, desks: Desks) -> None:
        for name in ("Garage North", "Garage South", "Street"):
            Zone.objects.create(name=name)
        page = desks.clerk.enter(zone="garage")
        picks = [each.attributes["value"] for each in page.root.one(".picks").all("input")]
        assert picks == ["Garage North", "Garage South"]
        form = page.form("#permit_form").filled(zone_pick="Garage South")
        desks.clerk.send(ADD, form, "_save")
        assert str(Permit.objects.get().zone) == "Garage South"

    def test_in_great_number_do_not_weigh_on_the_page(self, desks: Desks) -> None:
        Zone.objects.bulk_create(Zone(name=f"Street {n}") for n in range(5_000))
        page = desks.clerk.open(ADD)
        assert len(page.html) < 40_000
        assert page.root.one("#id_zone").attributes["data-zones"] == "/zones/names/"
        page = desks.clerk.enter(zone="street 4242")
        assert str(Permit.objects.get().zone) == "Street 4242"

    def test_of_one_page_stand_in_it(self, desks: Desks) -> None:
        Zone.objects.bulk_create(Zone(name=f"Z {n:03}") for n in range(ZoneInput.in_page - 1))
        assert len(desks.clerk.open(ADD).root.all("option")) > ZoneInput.in_page

    def test_come_by_name_with_their_mark(self, desks: Desks) -> None:
        Zone.objects.create(name="Known", last_reported_at=timezone.now())
        answer = desks.clerk.client.get("/zones/names/")
        assert answer.json() == {
            "zones": [["Known", ""], ["Lot 4", "would make a disconnected record"]]
        }
        again = desks.clerk.client.get("/zones/names/", headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304

    def test_never_reported_are_marked_on_the_form(self, desks: Desks) -> None:
        page = desks.clerk.open(ADD)
        assert "hidden" in page.root.one("#id_zone_note").attributes
        assert "disconnected record: Lot 4." in page.root.one("noscript").text
        desks.clerk.enter()
        page = desks.clerk.open(ADD)  # the zone is remembered
        assert "hidden" not in page.root.one("#id_zone_note").attributes

    def test_that_are_reported_are_not_marked(self, desks: Desks) -> None:
        Zone.objects.update(last_reported_at=timezone.now())
        desks.clerk.enter()
        page = desks.clerk.open(ADD)
        assert "hidden" in page.root.one("#id_zone_note").attributes
        assert not page.root.all("noscript")


def test_the_start_is_now_and_another_like_it_starts_now_too(desks: Desks) -> None:
    permit = enter()
    form = desks.clerk.open(f"{ADD}?like={permit.pk}").form("#permit_form")
    assert form["start_time"] != TYPED["start_time"]
    assert now(permit).end_time - permit.start_time == timedelta(hours=2)
