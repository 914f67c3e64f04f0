"""What needs a person: each kind a list with the reason, its age and the button that settles it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from permits.admin.counting import COUNTED
from permits.admin.needs import NEEDS
from permits.models import Permit
from permits.models.permit import PermitQuerySet
from tests import environment
from tests.engine.office import edit, enter, make_call, now, push, send, withdraw
from tests.pages.desk import PERMITS, Desks
from tests.pages.reading import Page
from tests.pages.states import State, in_state
from tests.sandbox_server import Sandbox

HOUR = timedelta(hours=1)


def running(plate: str = "NOW 1", *, starts: timedelta = -HOUR, ends: timedelta = HOUR) -> Permit:
    """A permit that is entered, and valid for so long from now."""
    moment = timezone.now().replace(microsecond=0)
    return enter(plate=plate, start_time=moment + starts, end_time=moment + ends)


def listed(desks: Desks, need: str) -> Page:
    """A supervisor's list of one kind."""
    return desks.supervisor.open(f"{PERMITS}?needs={need}")


def only_row(page: Page) -> dict[str, str]:
    """The one row that a list has."""
    (row,) = page.rows()
    return row


def refuse_update(permit: Permit, sandbox: Sandbox) -> None:
    """Have the controller refuse what was edited."""
    sandbox.fault("error", code=9005, message="The end time is invalid.")
    send(permit)


class TestTheReasonAndTheButton:
    def test_of_an_unknown_outcome(self, desks: Desks, sandbox: Sandbox) -> None:
        in_state(State.IN_DOUBT, sandbox)
        page = listed(desks, "unknown")
        row = only_row(page)
        assert "Nobody can tell yet whether the permit is on the controller." in row["Why"]
        assert row["Next step"].startswith("Resolve")

    def test_of_a_refusal(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.REJECTED, sandbox)
        page = listed(desks, "rejected")
        row = only_row(page)
        assert "The end time is invalid (9005)." in row["Why"]
        assert "Change the end and push again." in row["Why"]
        assert row["Next step"] == "Correct Push"
        desks.supervisor.press(page, "Push")
        assert now(permit).state == State.SYNCED

    def test_of_a_refusal_as_already_there(self, desks: Desks, sandbox: Sandbox) -> None:
        sandbox.fault("error", code=9022, message="Exists.")
        send(enter())
        assert only_row(listed(desks, "rejected"))["Next step"].startswith("Resolve")

    def test_of_a_missing_record(self, desks: Desks, sandbox: Sandbox) -> None:
        in_state(State.MISSING, sandbox)
        row = only_row(listed(desks, "missing"))
        assert "it holds no such record (9009)" in row["Why"]
        assert row["Next step"].startswith("Push anew")

    def test_of_a_stuck_one(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.QUEUED, sandbox)
        Permit.objects.filter(pk=permit.pk).update(due_at=None, tries=12)
        page = listed(desks, "stuck")
        row = only_row(page)
        assert "Tried 12 times." in row["Why"]
        desks.supervisor.press(page, "Push")
        assert now(permit).state == State.SYNCED

    def test_of_one_that_is_valid_and_not_there(self, desks: Desks) -> None:
        permit = running()
        page = listed(desks, "uncovered")
        row = only_row(page)
        assert row["Why"] == "It was never pushed."
        desks.supervisor.press(page, "Push")
        assert now(permit).state == State.SYNCED
        assert "Nothing here needs a person" in listed(desks, "uncovered").text

    def test_of_one_that_was_withdrawn_and_is_there(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = push(running())
        withdraw(permit)
        sandbox.fault("status", status=503)
        make_call(permit)
        page = listed(desks, "still_there")
        row = only_row(page)
        assert row["Why"].startswith("Withdrawn today")
        assert "The last call:" in row["Why"]
        assert row["Next step"].startswith("Delete")

    def test_of_one_whose_delete_was_refused(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = push(running())
        withdraw(permit)
        sandbox.fault("error", code=9031, message="A field is required.")
        make_call(permit)
        steps = listed(desks, "still_there").root.one("td.field-next_step")
        assert steps.text == "Delete Keep"
        assert "ghost" not in steps.one("button").attributes["class"], "What settles stands back."

    def test_of_one_that_ended_here_and_not_there(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = push(running())
        edit(permit, end_time=timezone.now().replace(microsecond=0) - timedelta(minutes=5))
        refuse_update(permit, sandbox)
        page = listed(desks, "still_there")
        row = only_row(page)
        assert "and the controller has a later end" in row["Why"]
        assert row["Next step"] == "Correct Update"
        desks.supervisor.press(page, "Update")
        assert not listed(desks, "still_there").rows()

    def test_that_only_a_supervisor_settles_is_said_to_a_clerk(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        in_state(State.IN_DOUBT, sandbox)
        page = desks.clerk.open(f"{PERMITS}?needs=unknown")
        assert only_row(page)["Next step"] == "A supervisor settles this."


class TestTheAge:
    def test_is_since_the_permit_came_to_stand_so(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.REJECTED, sandbox)
        Permit.objects.filter(pk=permit.pk).update(due_at=timezone.now() - 3 * HOUR)
        assert only_row(listed(desks, "rejected"))["Age"] == "3 h"

    def test_of_one_that_has_just_come_is_under_a_minute(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        in_state(State.REJECTED, sandbox)
        assert only_row(listed(desks, "rejected"))["Age"] == "under a minute"

    def test_of_one_that_is_not_there_is_since_it_became_valid(self, desks: Desks) -> None:
        permit = running(starts=-2 * HOUR)
        Permit.objects.filter(pk=permit.pk).update(entered_at=timezone.now() - 5 * HOUR)
        assert only_row(listed(desks, "uncovered"))["Age"].startswith("2 h")

    def test_the_longest_stands_first(self, desks: Desks, sandbox: Sandbox) -> None:
        for hours, plate in ((1, "YOUNG"), (9, "OLD"), (4, "MIDDLE")):
            permit = in_state(State.REJECTED, sandbox, plate)
            Permit.objects.filter(pk=permit.pk).update(due_at=timezone.now() - hours * HOUR)
        plates = [row["Plate"] for row in listed(desks, "rejected").rows()]
        assert plates == ["OLD", "MIDDLE", "YOUNG"]


class TestOver:
    """Withdrawn or ended here, and still valid on the controller."""

    def test_an_ended_permit_that_the_controller_has_as_such_is_over_by_itself(
        self, desks: Desks
    ) -> None:
        push(running(starts=-3 * HOUR, ends=-HOUR))
        assert not listed(desks, "still_there").rows()

    def test_one_with_another_difference_is_over_by_itself_too(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permit = push(running(starts=-3 * HOUR, ends=-HOUR))
        edit(permit, plate="OTHER 1")
        refuse_update(permit, sandbox)
        assert not listed(desks, "still_there").rows()

    def test_one_whose_end_there_is_not_known_may_be_valid(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permit = push(running())
        edit(permit, end_time=timezone.now().replace(microsecond=0) - timedelta(minutes=5))
        sandbox.fault("close")
        send(permit)
        assert len(listed(desks, "still_there").rows()) == 1


class TestTheCountsOfHome:
    def test_lead_to_their_lists(self, desks: Desks, sandbox: Sandbox) -> None:
        in_state(State.IN_DOUBT, sandbox)
        running()
        page = desks.supervisor.open("/")
        found = {
            link.attributes["href"]: link.one(".need-count").text
            for link in page.root.all("a.need")
        }
        assert found == {f"{PERMITS}?needs=unknown": "1", f"{PERMITS}?needs=uncovered": "1"}
        for address in found:
            assert len(desks.supervisor.open(address).rows()) == 1

    def test_end_at_a_bound(self, desks: Desks) -> None:
        moment = timezone.now()
        Permit.objects.bulk_create(
            Permit(plate=f"P {n}", start_time=moment - HOUR, end_time=moment + HOUR)
            for n in range(COUNTED + 1)
        )
        assert f"{COUNTED:,}+" in desks.supervisor.open("/").text


@pytest.mark.skipif(environment.ON_POSTGRES, reason="PostgreSQL plans by what it counted")
@pytest.mark.parametrize(
    ("question", "index"),
    [
        (PermitQuerySet.valid_but_not_there, "permit_not_there"),
        (PermitQuerySet.over_but_there, "permit_ends_there"),
        (PermitQuerySet.over_but_there, "permit_withdrawn_there"),
    ],
)
def test_a_count_reads_an_index_that_holds_little_else(
    database: str, question: object, index: str
) -> None:
    assert callable(question)
    plan = question(Permit.objects.all(), timezone.now()).order_by()[:COUNTED].explain()
    assert index in plan


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len({need.name for need in NEEDS}) == len(NEEDS) == 6
