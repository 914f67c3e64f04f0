"""What a person decides where the software cannot know, asked for on a page of its own."""

import pytest

from tests.engine.office import now, push
from tests.pages.desk import Desks
from tests.pages.states import State, in_state
from tests.sandbox_server import Sandbox


class TestResolving:
    @pytest.mark.parametrize("button", ["It is there", "It is not there"])
    def test_demands_a_reason(self, desks: Desks, sandbox: Sandbox, button: str) -> None:
        permit = in_state(State.IN_DOUBT, sandbox)
        page = desks.supervisor.open(f"/permits/permit/{permit.pk}/resolve/")
        page = desks.supervisor.press(page, button, reference_id="abc-1", reason=" ")
        assert "Give the reason: how do you know?" in page.text
        assert now(permit).state == State.IN_DOUBT

    def test_as_there_takes_the_reference_and_records_who_decided(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permit = in_state(State.IN_DOUBT, sandbox)
        (record,) = sandbox.records()
        page = desks.supervisor.open(f"/permits/permit/{permit.pk}/resolve/")
        page = desks.supervisor.press(
            page, "It is there", reference_id=record["reference"], reason="I see it."
        )
        assert now(permit).state == State.SYNCED
        assert record["reference"] in page.panel
        assert "Found on the controller by supervisor" in page.text
        assert f"I see it. Reference ID {record['reference']}." in page.text

    def test_as_not_there_pushes_again(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.IN_DOUBT, sandbox)
        page = desks.supervisor.open(f"/permits/permit/{permit.pk}/resolve/")
        page = desks.supervisor.press(page, "It is not there", reason="I see none.")
        assert now(permit).state == State.SYNCED
        assert len(sandbox.requests("push")) == 2
        assert page.pill == "On controller"

    def test_refuses_a_reference_that_another_permit_has(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        other = push()
        permit = in_state(State.IN_DOUBT, sandbox)
        page = desks.supervisor.open(f"/permits/permit/{permit.pk}/resolve/")
        page = desks.supervisor.press(
            page, "It is there", reference_id=other.reference_id, reason="I see it."
        )
        assert "has this reference ID" in page.message
        assert now(permit).state == State.IN_DOUBT


class TestPushingAnew:
    def test_demands_a_reason(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.MISSING, sandbox)
        page = desks.supervisor.open(f"/permits/permit/{permit.pk}/push-anew/")
        page = desks.supervisor.press(page, "Push anew")
        assert page.problems == {"reason": "Give the reason: how do you know?"}
        assert now(permit).state == State.MISSING

    def test_makes_a_new_record(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.MISSING, sandbox)
        lost = permit.reference_id
        page = desks.supervisor.open(f"/permits/permit/{permit.pk}/push-anew/")
        page = desks.supervisor.press(page, "Push anew", reason="It is still wanted.")
        assert page.pill == "On controller"
        assert now(permit).reference_id not in ("", lost)
        assert "Ordered to be pushed anew by supervisor" in page.text
        assert "It is still wanted." in page.text
