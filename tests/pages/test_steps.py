"""Extend and change plate: one step each for a permit on the controller."""

from datetime import timedelta
from typing import Final

import pytest
from django.utils import timezone

from permits.models import Permit
from tests.engine.gate import Gate
from tests.engine.office import enter, now, push, withdraw
from tests.pages.desk import PERMITS, Desks
from tests.pages.states import State, in_state
from tests.sandbox_server import Sandbox

STEPS: Final = {"extend": "end_time", "change-plate": "plate"}


def running(plate: str = "ABC 123") -> Permit:
    """A permit on the controller that ends in an hour."""
    moment = timezone.now().replace(microsecond=0)
    return push(
        enter(
            plate=plate,
            start_time=moment - timedelta(hours=1),
            end_time=moment + timedelta(hours=1),
        )
    )


def page_of(step: str, permit: Permit) -> str:
    return f"/permits/permit/{permit.pk}/{step}/"


class TestExtending:
    def test_by_a_length_saves_and_updates(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = running()
        ends = permit.end_time
        page = desks.clerk.open(page_of("extend", permit))
        page = desks.clerk.press(page, "2 h")
        assert page.message == "ABC 123: The controller has the changes."
        assert page.path == permit.get_absolute_url()
        assert now(permit).end_time == ends + timedelta(hours=2)
        assert permit.state == State.SYNCED
        assert [call["operation"] for call in sandbox.requests()] == ["push", "update"]

    def test_until_a_time_saves_and_updates(self, desks: Desks) -> None:
        permit = running()
        page = desks.clerk.open(page_of("extend", permit))
        desks.clerk.press(page, "Save and update", end_time="2099-01-01T09:00:00")
        assert f"{timezone.localtime(now(permit).end_time):%Y-%m-%d %H:%M}" == "2099-01-01 09:00"
        assert permit.state == State.SYNCED

    def test_each_length_says_where_it_leads(self, desks: Desks) -> None:
        permit = running()
        page = desks.clerk.open(page_of("extend", permit))
        end = timezone.localtime(permit.end_time + timedelta(hours=1))
        (button,) = [b for b in page.root.all("[name=by]") if b.attributes["value"] == "hours:1"]
        assert f"{end:%H:%M}" in button.text

    def test_one_that_has_ended_counts_from_now(self, desks: Desks) -> None:
        permit = push()
        before = timezone.now()
        page = desks.clerk.open(page_of("extend", permit))
        assert "It has ended" in page.text
        desks.clerk.press(page, "1 h")
        assert now(permit).end_time > before + timedelta(minutes=58)

    def test_to_an_earlier_end_is_refused(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = running()
        page = desks.clerk.open(page_of("extend", permit))
        page = desks.clerk.press(page, "Save and update")
        assert "already. Enter a later end." in page.problems["end_time"]
        assert now(permit).version == 1
        assert len(sandbox.requests()) == 1

    def test_is_written_under_the_clerk_s_name(self, desks: Desks) -> None:
        permit = running()
        desks.clerk.press(desks.clerk.open(page_of("extend", permit)), "1 h")
        assert permit.history.first().actor == "clerk"
        assert permit.attempts.latest("pk").actor == "clerk"


class TestChangingThePlate:
    def test_saves_and_updates(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = running()
        page = desks.clerk.open(page_of("change-plate", permit))
        page = desks.clerk.press(page, "Save and update", plate="xyz 9")
        assert page.message == "XYZ 9: The controller has the changes."
        assert now(permit).plate == "XYZ 9"
        assert sandbox.records()[0]["plate"] == "XYZ 9"

    @pytest.mark.parametrize("typed", ["", "ABC 123", "A" * 26])
    def test_to_none_to_the_same_or_to_no_plate_is_refused(self, desks: Desks, typed: str) -> None:
        permit = running()
        page = desks.clerk.open(page_of("change-plate", permit))
        page = desks.clerk.press(page, "Save and update", plate=typed)
        assert set(page.problems) == {"plate"}
        assert now(permit).version == 1

    def test_to_one_that_has_a_permit_for_that_time_is_shown_first(self, desks: Desks) -> None:
        permit, other = running(), running("XYZ 9")
        page = desks.clerk.open(page_of("change-plate", permit))
        page = desks.clerk.press(page, "Save and update", plate="XYZ 9")
        assert "already has a permit for that time" in page.alert
        assert other.get_absolute_url() in page.html
        assert now(permit).plate == "ABC 123"
        desks.clerk.press(page, "Save and update", plate="XYZ 9")
        assert now(permit).plate == "XYZ 9"


@pytest.mark.parametrize("step", STEPS)
class TestEachStep:
    def test_is_offered_on_the_page_and_in_the_list(self, desks: Desks, step: str) -> None:
        permit = running()
        assert page_of(step, permit) in desks.clerk.see(permit).html
        assert page_of(step, permit) in desks.clerk.open(PERMITS).html

    def test_leads_back_to_the_list_it_came_from(self, desks: Desks, step: str) -> None:
        permit = running()
        page = desks.clerk.open(f"{page_of(step, permit)}?next=/permits/permit/%3Fq%3DABC")
        button, typed = {
            "extend": ("1 h", {}),
            "change-plate": ("Save and update", {"plate": "ABC 124"}),
        }[step]
        assert desks.clerk.press(page, button, **typed).path == "/permits/permit/?q=ABC"

    def test_leads_nowhere_else(self, desks: Desks, step: str) -> None:
        permit = running()
        for elsewhere in ("//evil.example/", "javascript:alert(1)", "https://evil.example"):
            page = desks.clerk.open(f"{page_of(step, permit)}?next={elsewhere}")
            assert "evil" not in page.html
            assert "alert(1)" not in page.html

    @pytest.mark.parametrize("state", [State.DRAFT, State.SENDING, State.IN_DOUBT, State.DELETED])
    def test_is_not_for_a_permit_that_is_not_there(
        self, desks: Desks, sandbox: Sandbox, step: str, state: str
    ) -> None:
        permit = in_state(state, sandbox)
        page = desks.clerk.open(page_of(step, permit))
        assert page.path == permit.get_absolute_url()
        assert page.messages
        desks.clerk.post(page_of(step, permit), {"by": "hours:1", "plate": "XYZ 9"})
        assert now(permit).version == 1

    def test_is_not_for_a_withdrawn_permit(self, desks: Desks, step: str) -> None:
        permit = running()
        withdraw(permit)
        desks.clerk.post(page_of(step, permit), {"by": "hours:1", "plate": "XYZ 9"})
        assert now(permit).version == 1

    def test_after_somebody_else_s_edit_is_looked_at_again(self, desks: Desks, step: str) -> None:
        permit = running()
        page = desks.clerk.open(page_of(step, permit))
        desks.supervisor.edit(permit, plate="THEIRS 1", end_time="2098-01-01T09:00:00")
        typed = {"end_time": "2099-01-01T09:00:00", "plate": "MINE 1"}
        page = desks.clerk.press(page, "Save and update", **{STEPS[step]: typed[STEPS[step]]})
        assert "Someone else saved this permit meanwhile" in page.alert
        assert now(permit).version == 2
        desks.clerk.press(page, "Save and update", **{STEPS[step]: typed[STEPS[step]]})
        assert now(permit).version == 3

    def test_whose_call_fails_keeps_the_edit(self, desks: Desks, gate: Gate, step: str) -> None:
        permit = running()
        gate.answer = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
        page = desks.clerk.open(page_of(step, permit))
        typed = {"end_time": "2099-01-01T09:00:00", "plate": "XYZ 9"}
        page = desks.clerk.press(page, "Save and update", **{STEPS[step]: typed[STEPS[step]]})
        assert "not sent" in page.message
        assert now(permit).state == State.QUEUED
        assert [d.field for d in permit.differences()] == [STEPS[step]]
