"""The drift board, a zone's page, the button, and the evidence beside Resolve."""

import pytest
from pytest_django import Settings
from time_machine import Traveller

from permits.models import Drift, Permit, SyncAttempt
from tests.engine.office import push
from tests.pages.desk import Desks
from tests.reconcile.office import count, lasting, lose_a_push, pass_time
from tests.sandbox_server import Sandbox

BOARD = "/controller/drift/"
ZONE = "/controller/drift/zone/?name=Lot%204"


@pytest.fixture
def out_of_step(desks: Desks, sandbox: Sandbox, clock: Traveller, settings: Settings) -> None:
    """Lot 4 in step, then one record too many for more than an hour."""
    settings.OPSCOM_TOTALS_OTHERS = False
    push(lasting())
    pass_time(clock, minutes=1)
    count()
    pass_time(clock, minutes=1)
    push(lasting("WITHIN 1"))
    sandbox.add_record(
        plate="X", start="2096-01-01T00:00:00", end="2096-01-02T00:00:00", zone="Lot 4"
    )
    for minutes in (10, 61):
        pass_time(clock, minutes=minutes)
        count()


class TestTheBoard:
    def test_before_any_count_it_says_what_to_do(self, desks: Desks) -> None:
        assert "Not counted yet" in desks.clerk.open(BOARD).text

    @pytest.mark.usefixtures("out_of_step")
    def test_a_zone_out_of_step_stands_first_and_is_flagged(self, desks: Desks) -> None:
        page = desks.clerk.open(BOARD)
        assert "1 zone out of step" in page.text
        row = page.root.all("tr")[1]
        assert row.text.startswith("Lot 4 2 2 3")
        assert "1 record that nothing of ours explains" in row.text

    @pytest.mark.usefixtures("out_of_step")
    def test_home_leads_to_it(self, desks: Desks) -> None:
        need = desks.clerk.open("/").root.one("a.need-warning")
        assert need.attributes["href"] == BOARD
        assert need.text.startswith("1 Zone out of step")

    def test_it_says_what_it_cannot_know(self, desks: Desks) -> None:
        count()
        assert desks.clerk.open(BOARD).text.count("Cannot tell yet") == 2


@pytest.mark.usefixtures("out_of_step")
class TestAZone:
    def test_it_shows_when_it_went_out_of_step_and_the_calls_of_that_time(
        self, desks: Desks
    ) -> None:
        page = desks.supervisor.open(ZONE)
        drift = Drift.objects.get()
        assert {drift.in_step_at and drift.in_step_at.isoformat(), drift.since.isoformat()} <= {
            time.attributes["datetime"] for time in page.root.all("time")
        }
        call = SyncAttempt.objects.get(permit__plate="WITHIN 1")
        links = {link.attributes.get("href") for link in page.root.all("a")}
        assert call.get_absolute_url() in links
        assert Permit.objects.get(plate="ABC 123").get_absolute_url() not in links

    def test_it_draws_the_counts_over_time(self, desks: Desks) -> None:
        page = desks.clerk.open(ZONE)
        assert len(page.root.all("polyline.theirs")[0].attributes["points"].split()) == 3
        assert len(page.root.all("circle.outside")) == 2

    def test_a_zone_nobody_names_has_no_page(self, desks: Desks) -> None:
        assert desks.clerk.open("/controller/drift/zone/?name=Nowhere").status == 404


class TestTheButton:
    def test_it_fetches_the_counts_in_the_persons_name(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        page = desks.supervisor.press(desks.supervisor.open(BOARD), "Count now")
        assert "the controller counts 0 permits in 14 zones" in page.text
        attempt = SyncAttempt.objects.get(operation="stats")
        assert (attempt.actor, attempt.source) == ("supervisor", "form")

    def test_a_failure_is_said(self, desks: Desks, sandbox: Sandbox) -> None:
        sandbox.fault("close", operation="stats")
        page = desks.supervisor.press(desks.supervisor.open(BOARD), "Count now")
        assert "The counts could not be fetched." in page.text

    def test_a_clerk_has_none_and_may_not(self, desks: Desks, sandbox: Sandbox) -> None:
        assert "Count now" not in desks.clerk.open(BOARD).text
        assert desks.clerk.post("/controller/count/").status == 403
        assert not SyncAttempt.objects.exists()


class TestResolve:
    @pytest.mark.parametrize(
        ("applied", "stated", "words"),
        [
            (True, True, "Points to: it arrived"),
            (False, True, "Points to: it did not arrive"),
            (True, False, "Points to: cannot tell"),
        ],
    )
    def test_it_shows_where_the_evidence_points(
        self,
        desks: Desks,
        sandbox: Sandbox,
        clock: Traveller,
        settings: Settings,
        applied: bool,
        stated: bool,
        words: str,
    ) -> None:
        settings.OPSCOM_TOTALS_OTHERS = False if stated else None
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=applied)
        pass_time(clock, minutes=10)
        count()
        page = desks.supervisor.open(f"/permits/permit/{doubt.permit_id}/resolve/")
        assert words in page.text
        assert "Nothing is done by itself" in page.text
        assert Permit.objects.get(attempts=doubt).state == Permit.State.IN_DOUBT
