"""What saving does while a call is under way, after somebody else's edit, and with no change."""

from datetime import timedelta

import pytest

from permits import sync
from permits.models import Permit
from tests.engine.gate import Gate
from tests.engine.office import enter, make_due, now, push, wanted, withdraw
from tests.pages.desk import Desks
from tests.pages.states import State, in_state
from tests.sandbox_server import Sandbox


class TestWhileACallIsUnderWay:
    def test_no_form_opens(self, desks: Desks, sandbox: Sandbox) -> None:
        page = desks.clerk.see(in_state(State.SENDING, sandbox))
        assert "A call is under way, so the permit cannot be edited" in page.text
        assert not page.root.all("#permit_form")
        assert not page.root.all("input[name=plate]")

    def test_a_form_that_was_opened_before_is_kept_as_a_difference(
        self, desks: Desks, gate: Gate
    ) -> None:
        permit = push()
        make_due(permit, "update")
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        with gate.sending(permit):
            page = desks.clerk.send(path, form.filled(plate="NEW 1"), "_save")
            assert "your edit is kept as a new difference" in page.message
        assert permit.state == State.CHANGED
        assert wanted(permit) == {"plate": "NEW 1"}
        page = desks.clerk.see(permit)
        assert page.pill == "Changed"
        assert "NEW 1" in page.root.one("aside.panel").one("table.differences").text

    def test_what_the_call_brought_survives_that_edit(self, desks: Desks, gate: Gate) -> None:
        permit = enter()
        make_due(permit, "push")
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        with gate.sending(permit):
            desks.clerk.send(path, form.filled(amount="20"), "_save")
        assert permit.reference_id
        assert wanted(permit) == {"amount": "20.00"}

    def test_pressing_push_again_makes_no_second_call(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.SENDING, sandbox)
        page = desks.clerk.post(f"/permits/permit/{permit.pk}/push/")
        assert "a call for it is under way" in page.message
        assert not sandbox.requests()


class TestAnEditThatSomebodyElseHasOvertaken:
    def test_is_refused_with_what_changed_and_by_whom(self, desks: Desks) -> None:
        permit = enter()
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        desks.supervisor.edit(permit, end_time="2026-11-23T08:00:00")

        page = desks.clerk.send(path, form.filled(plate="MINE 1"), "_save")

        assert "nothing of yours is saved yet" in page.alert
        assert "supervisor changed end from" in page.alert
        assert now(permit).plate == "ABC 123"

    def test_comes_back_with_what_was_typed_and_what_was_saved(self, desks: Desks) -> None:
        permit = enter()
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        desks.supervisor.edit(permit, end_time="2026-11-23T08:00:00")
        page = desks.clerk.send(path, form.filled(plate="MINE 1"), "_save")

        again = page.form("#permit_form")
        assert (again["plate"], again["end_time"]) == ("MINE 1", "2026-11-23T08:00:00")
        page = desks.clerk.send(path, again, "_save")

        assert page.message.startswith("MINE 1: saved.")
        assert now(permit).plate == "MINE 1"
        assert permit.end_time - permit.start_time == timedelta(hours=4)

    def test_of_the_same_field_says_what_stands_there_now(self, desks: Desks) -> None:
        permit = enter()
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        desks.supervisor.edit(permit, plate="THEIRS 1")

        page = desks.clerk.send(path, form.filled(plate="MINE 1"), "_save")

        assert page.problems == {
            "plate": "Now saved as THEIRS 1. Save again to put yours in its place."
        }
        assert page.form("#permit_form")["plate"] == "MINE 1"
        assert now(permit).plate == "THEIRS 1"

    def test_sends_nothing_either(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = enter()
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        desks.supervisor.edit(permit, plate="THEIRS 1")
        desks.clerk.send(path, form.filled(plate="MINE 1"), "_push")
        assert not sandbox.requests()

    def test_by_a_withdrawal_is_refused(self, desks: Desks) -> None:
        permit = push()
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        withdraw(permit)
        page = desks.clerk.send(path, form.filled(plate="MINE 1"), "_save")
        assert "withdrawn since you opened it. Your edit was not saved." in page.alert
        assert now(permit).plate == "ABC 123"

    def test_by_the_end_of_a_call_is_none(self, desks: Desks) -> None:
        permit = enter()
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        push(permit)
        page = desks.clerk.send(path, form.filled(plate="MINE 1"), "_save")
        assert page.message.startswith("MINE 1: saved.")
        assert now(permit).state == State.CHANGED
        assert permit.reference_id


class TestSavingWithNoChange:
    @pytest.mark.parametrize(
        "typed",
        [{}, {"amount": "12.5"}, {"plate": " abc 123 "}, {"zone": "lot 4"}],
        ids=["as it was", "amount", "plate", "zone"],
    )
    def test_changes_nothing(self, desks: Desks, typed: dict[str, str]) -> None:
        permit = push()
        before = Permit.objects.values().get(pk=permit.pk)
        page = desks.clerk.edit(permit, push=False, **typed)
        assert page.message == "ABC 123: saved."
        assert Permit.objects.values().get(pk=permit.pk) == before
        assert permit.history.count() == 1

    def test_and_pushing_says_that_there_is_nothing_to_send(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permit = push()
        page = desks.clerk.edit(permit, push=True)
        assert page.message == "ABC 123: saved. There is nothing to send."
        assert len(sandbox.requests()) == 1

    def test_does_not_overtake_anybody(self, desks: Desks) -> None:
        permit = enter()
        path = permit.get_absolute_url()
        form = desks.clerk.open(path).form("#permit_form")
        desks.supervisor.edit(permit)
        page = desks.clerk.send(path, form.filled(plate="MINE 1"), "_save")
        assert page.message.startswith("MINE 1: saved.")


class TestUndoingAnEdit:
    def test_takes_the_permit_back_into_step(self, desks: Desks) -> None:
        permit = push()
        desks.clerk.edit(permit, plate="OTHER 1")
        assert now(permit).state == State.CHANGED
        desks.clerk.edit(permit, plate="ABC 123")
        assert now(permit).state == State.SYNCED


class TestKeepingAWithdrawnPermit:
    def test_takes_the_withdrawal_back(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = push()
        sandbox.fault("status", status=503, operation="delete")
        desks.clerk.press(desks.clerk.open(f"/permits/permit/{permit.pk}/delete/"), "Delete on")
        assert now(permit).state == State.QUEUED
        page = desks.clerk.press(desks.clerk.open(f"/permits/permit/{permit.pk}/keep/"), "Keep")
        assert page.message == "ABC 123: it is kept."
        assert now(permit).state == State.SYNCED
        sync.drain(go_on=lambda: True)
        assert not sandbox.requests("delete")[1:]
