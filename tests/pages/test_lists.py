"""How a permit, and a call, is found in the lists."""

from datetime import timedelta

import pytest
from django.utils import timezone

from permits.admin import search
from permits.models import Permit, Zone
from tests import environment
from tests.engine.office import enter, push
from tests.pages.desk import HISTORY, PERMITS, Desk, Desks
from tests.pages.reading import Page
from tests.pages.states import State, in_state, one_of_each
from tests.sandbox_server import Sandbox


def plates(page: Page) -> set[str]:
    return {row["Plate"] for row in page.rows()}


class TestSearching:
    @pytest.fixture(autouse=True)
    def _others_are_there_too(self, desks: Desks) -> None:
        enter(plate="ABC 123", ticket_number="T-100")
        enter(plate="XYZ 9", ticket_number="K/77")

    @pytest.mark.parametrize(
        "typed", ["ABC 123", "abc123", "a-b-c 1 2 3", "ABC\N{EN DASH}123", "ABC12"]
    )
    def test_a_plate_is_found_however_it_is_written(self, desks: Desks, typed: str) -> None:
        assert plates(found(desks.clerk, typed)) == {"ABC 123"}

    @pytest.mark.parametrize("typed", ["abc*", "AB C-*", "*bc12*", "123", "23", "*2-3", "*3"])
    def test_a_plate_is_found_by_its_start_or_any_part(self, desks: Desks, typed: str) -> None:
        enter(plate="QBC 1-3")
        assert "ABC 123" in plates(found(desks.clerk, typed))
        assert "XYZ 9" not in plates(found(desks.clerk, typed))

    @pytest.mark.parametrize("typed", ["bc123*", "b*", "13", "bc 2"])
    def test_what_stands_elsewhere_is_not_found(self, desks: Desks, typed: str) -> None:
        assert not plates(found(desks.clerk, typed))

    def test_a_plate_that_was_changed_is_found_by_parts_of_the_new_one(self, desks: Desks) -> None:
        Permit.objects.filter(plate="XYZ 9").update(plate="NEW-4711")
        assert plates(found(desks.clerk, "W47")) == {"NEW-4711"}
        assert not plates(found(desks.clerk, "YZ9"))

    @pytest.mark.parametrize("typed", ["K/77", "k/77"])
    def test_a_ticket_is_found(self, desks: Desks, typed: str) -> None:
        assert plates(found(desks.clerk, typed)) == {"XYZ 9"}

    @pytest.mark.parametrize(
        ("number", "typed"),
        [
            ("Lot-Kx9", "lOT-kX9"),
            ("lot-kx9", "LOT-KX9"),
            ("été-1", "ÉTÉ-1"),
            ("ÉTÉ-1", "été-1"),
            ("Été-1", "été-1"),
            ("Été-1", "ÉTÉ-1"),
            ("Lot Été 1", "lot été 1"),
        ],
    )
    def test_a_ticket_is_found_in_whatever_case(
        self, desks: Desks, number: str, typed: str
    ) -> None:
        enter(plate="TICKET 1", ticket_number=number)
        assert plates(found(desks.clerk, typed)) == {"TICKET 1"}

    @pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL plans by what it counted")
    def test_what_is_typed_is_looked_up_in_indexes(self) -> None:
        plan = Permit.objects.filter(search.find("K/77").where).explain()
        for index in ("permit_ticket_any_case", "permit_plate", "permit_reference_once"):
            assert index in plan
        assert "SCAN" not in plan

    def test_a_reference_is_found(self, desks: Desks) -> None:
        permit = push(enter(plate="REF 1"))
        assert plates(found(desks.clerk, permit.reference_id)) == {"REF 1"}
        assert plates(found(desks.auditor, permit.reference_id, HISTORY)) == {"REF 1"}

    def test_what_is_not_there_is_said_so(self, desks: Desks) -> None:
        page = found(desks.clerk, "NOTHING")
        assert not page.rows()
        assert "Nothing found" in page.text

    def test_it_stands_as_a_chip_that_can_be_removed(self, desks: Desks) -> None:
        page = found(desks.clerk, "ABC 123")
        (chip,) = page.root.all("a.chip")
        assert chip.text.startswith("Search: ABC 123")
        assert plates(desks.clerk.open(f"{PERMITS}{chip.attributes['href']}")) == {
            "ABC 123",
            "XYZ 9",
        }

    @pytest.mark.parametrize("typed", ["%", "_", "'", '"><script>', "\\", "🚗", "-"])
    def test_signs_that_mean_something_elsewhere_mean_nothing(
        self, desks: Desks, typed: str
    ) -> None:
        page = found(desks.clerk, typed)
        assert page.status == 200
        assert "<script>" not in page.html.replace("<script ", "")


def found(desk: Desk, typed: str, path: str = PERMITS) -> Page:
    """What the search box finds."""
    answer = desk.client.get(path, {"q": typed}, follow=True)
    return Page(answer.content.decode(), status=answer.status_code, path=path)


class TestFilters:
    def test_of_a_state(self, desks: Desks, sandbox: Sandbox) -> None:
        for state, permit in one_of_each(sandbox).items():
            page = desks.clerk.open(f"{PERMITS}?state={state}")
            assert plates(page) == {permit.plate}
            assert [row["State"] for row in page.rows()] == [str(State(state).label)]
            assert chip_of(page) == f"State: {State(state).label}"

    def test_of_a_zone(self, desks: Desks) -> None:
        enter()
        annexe = Zone.objects.create(name="Annexe")
        enter(plate="ANNEXE 1", zone=annexe)
        enter(plate="NONE 1", zone=None)
        page = desks.clerk.open(f"{PERMITS}?zone={annexe.pk}")
        assert (plates(page), chip_of(page)) == ({"ANNEXE 1"}, "Zone: Annexe")
        page = desks.clerk.open(f"{PERMITS}?zone=none")
        assert (plates(page), chip_of(page)) == ({"NONE 1"}, "Zone: No zone")

    @pytest.mark.parametrize(
        ("chosen", "words"), [("now", "Valid now"), ("upcoming", "Upcoming"), ("ended", "Ended")]
    )
    def test_of_the_validity(self, desks: Desks, chosen: str, words: str) -> None:
        for name, hours in (("now", -1), ("upcoming", 5), ("ended", -9)):
            start = timezone.now() + timedelta(hours=hours)
            enter(plate=name, start_time=start, end_time=start + timedelta(hours=2))
        page = desks.clerk.open(f"{PERMITS}?validity={chosen}")
        assert (plates(page), chip_of(page)) == ({chosen.upper()}, f"Validity: {words}")

    def test_they_narrow_down_together(self, desks: Desks) -> None:
        push(enter(plate="ABC 1"))
        enter(plate="ABC 2")
        enter(plate="XYZ 2")
        page = desks.clerk.open(f"{PERMITS}?state=draft&q=ABC")
        assert plates(page) == {"ABC 2"}
        assert len(page.root.all("a.chip")) == 2

    @pytest.mark.parametrize(
        "query", ["state=nonsense", "zone=9999", "zone=x", "validity=x", "p=x"]
    )
    def test_a_value_that_there_is_not_breaks_nothing(self, desks: Desks, query: str) -> None:
        enter()
        assert desks.clerk.open(f"{PERMITS}?{query}").status == 200

    def test_of_the_history_narrow_down_together(self, desks: Desks, sandbox: Sandbox) -> None:
        in_state(State.REJECTED, sandbox, plate="REFUSED 1")
        push(enter(plate="DONE 1"))
        today = timezone.localdate().isoformat()
        for query in (
            "outcome=rejected",
            "code=9005",
            f"operation=push&outcome=rejected&from={today}&to={today}",
            "actor=clerk&outcome=rejected",
        ):
            page = desks.auditor.open(f"{HISTORY}?{query}")
            assert plates(page) == {"REFUSED 1"}, query
            assert len(page.root.all("a.chip")) == query.count("=") - ("from=" in query), query
        assert not plates(desks.auditor.open(f"{HISTORY}?code=9006"))
        assert not plates(desks.auditor.open(f"{HISTORY}?to=2001-01-01"))


@pytest.mark.parametrize("query", ["", "?needs=uncovered"])
def test_a_zone_that_the_controller_never_reported_is_marked(desks: Desks, query: str) -> None:
    hour = timedelta(hours=1)
    known = Zone.objects.create(name="Known", last_reported_at=timezone.now())
    for plate, more in (("DOUBTFUL 1", {}), ("SURE 1", {"zone": known})):
        moment = timezone.now()
        enter(plate=plate, start_time=moment - hour, end_time=moment + hour, **more)
    rows = desks.clerk.open(f"{PERMITS}{query}").rows()
    assert {row["Plate"]: row["Zone"] for row in rows} == {
        "DOUBTFUL 1": "Lot 4 would make a disconnected record",
        "SURE 1": "Known",
    }


def chip_of(page: Page) -> str:
    """The words of the one filter in use."""
    (chip,) = page.root.all("a.chip")
    return chip.one("span").text if len(chip.all("span")) == 1 else chip.all("span")[0].text


class TestWhatNeedsAPerson:
    def test_the_home_page_counts_what_its_lists_hold(self, desks: Desks, sandbox: Sandbox) -> None:
        permits = one_of_each(sandbox)
        Permit.objects.filter(pk=permits[State.QUEUED].pk).update(due_at=None, tries=12)
        hour = timedelta(hours=1)
        now = timezone.now()
        uncovered = enter(plate="UNCOVERED", start_time=now - hour, end_time=now + hour)
        withdrawn = push(enter(plate="WITHDRAWN"))
        sandbox.fault("status", operation="delete")
        desks.clerk.post(f"{PERMITS}{withdrawn.pk}/delete/", {"post": "yes"})

        home = desks.clerk.open("/")
        listed = {}
        for need in home.root.all("a.need"):
            address = need.attributes["href"]
            page = desks.clerk.open(address)
            assert need.one(".need-count").text == str(len(page.rows()))
            listed[address.rpartition("=")[2]] = plates(page)

        of = {state: {permit.plate} for state, permit in permits.items()}
        assert listed == {
            "unknown": of[State.IN_DOUBT],
            "rejected": of[State.REJECTED],
            "missing": of[State.MISSING],
            "stuck": of[State.QUEUED],
            "uncovered": {uncovered.plate},
            "still_there": {withdrawn.plate},
        }

    def test_a_calm_home_page_says_so(self, desks: Desks) -> None:
        assert "No permits yet." in desks.clerk.open("/").text
        push()
        assert "Nothing needs you just now." in desks.clerk.open("/").text


def test_a_currency_without_an_amount_is_not_shown(desks: Desks) -> None:
    permit = enter(amount=None, currency="CAD")
    assert [row["Amount"] for row in desks.clerk.open(PERMITS).rows()] == [""]
    assert "Amount None" in desks.clerk.open(f"{PERMITS}{permit.pk}/delete/").text


class TestSorting:
    @pytest.mark.parametrize(
        ("column", "ordered"),
        [("Plate", ["A 1", "B 2", "C 3"]), ("Amount", ["C 3", "B 2", "A 1"])],
    )
    def test_by_a_column_both_ways(self, desks: Desks, column: str, ordered: list[str]) -> None:
        for plate, amount in (("B 2", "20"), ("A 1", "100"), ("C 3", "3")):
            enter(plate=plate, amount=amount)
        page = desks.clerk.open(PERMITS)
        for wanted in (ordered, ordered[::-1]):
            (link,) = [a for a in page.root.all("a.sort") if a.text.startswith(column)]
            page = desks.clerk.open(f"{PERMITS}{link.attributes['href']}")
            assert [row["Plate"] for row in page.rows()] == wanted

    def test_the_newest_come_first(self, desks: Desks) -> None:
        enter(plate="OLD 1")
        enter(plate="NEW 1")
        assert [row["Plate"] for row in desks.clerk.open(PERMITS).rows()] == ["NEW 1", "OLD 1"]
