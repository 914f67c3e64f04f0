"""Replace, from the clerk's side: in one step from the form, given up, told as one story."""

import pytest

from permits.models import Permit, Zone
from tests.engine.office import now, push, withdraw
from tests.pages.desk import Desks
from tests.pages.reading import Page
from tests.pages.states import State
from tests.sandbox_server import Sandbox


def offered(desks: Desks, permit: Permit, **typed: str) -> Page:
    """What the permit's form says of an edit that the controller cannot take."""
    Zone.objects.get_or_create(name="Lot 5")
    return desks.clerk.edit(permit, push=True, **typed)


class TestFromTheForm:
    @pytest.mark.parametrize(
        ("field", "typed", "kept"),
        [
            ("start_time", "2026-11-23T03:00:00", "2026-11-23T08:00:00"),
            ("zone", "Lot 5", "Lot 5"),
            ("ticket_number", "T-9", "T-9"),
        ],
    )
    def test_what_cannot_change_is_replaced_in_one_step(
        self, desks: Desks, sandbox: Sandbox, field: str, typed: str, kept: str
    ) -> None:
        old = push()
        page = offered(desks, old, **{field: typed})
        assert "Nothing is saved yet" in page.alert
        page = desks.clerk.press(page, "Replace with this")
        new = Permit.objects.get(replaces=old)
        assert page.path == new.get_absolute_url()
        assert (now(old).state, new.state) == (State.DELETED, State.SYNCED)
        assert new.acknowledged[field] == kept
        assert [each["reference"] for each in sandbox.records("live")] == [new.reference_id]

    def test_what_was_typed_besides_goes_with_it(self, desks: Desks) -> None:
        old = push()
        page = offered(desks, old, zone="Lot 5", amount="99", plate="XYZ 9")
        desks.clerk.press(page, "Replace with this")
        new = Permit.objects.get(replaces=old)
        assert (new.plate, str(new.amount), str(new.zone)) == ("XYZ 9", "99.00", "Lot 5")

    def test_what_cannot_be_cleared_is_replaced_as_well(self, desks: Desks) -> None:
        old = push()
        page = offered(desks, old, amount="")
        desks.clerk.press(page, "Replace with this")
        assert Permit.objects.get(replaces=old).amount is None

    def test_with_a_mistake_in_it_keeps_what_was_typed(self, desks: Desks) -> None:
        old = push()
        page = offered(desks, old, zone="Lot 5", amount="free")
        page = desks.clerk.press(page, "Replace with this")
        assert set(page.problems) == {"amount"}
        form = page.form()
        assert (form["zone"], form["amount"]) == ("Lot 5", "free")
        assert not Permit.objects.filter(replaces=old).exists()

    def test_sent_twice_replaces_once(self, desks: Desks, sandbox: Sandbox) -> None:
        old = push()
        page = offered(desks, old, zone="Lot 5")
        desks.clerk.press(page, "Replace with this")
        page = desks.clerk.press(page, "Replace with this")
        assert page.path == Permit.objects.get(replaces=old).get_absolute_url()
        assert "replaces it already" in page.message
        assert len(sandbox.records()) == 2

    def test_after_somebody_else_s_edit_is_looked_at_again(self, desks: Desks) -> None:
        old = push()
        page = offered(desks, old, zone="Lot 5")
        desks.supervisor.edit(old, amount="77")
        page = desks.clerk.press(page, "Replace with this")
        assert "Someone else saved this permit" in page.alert
        assert not Permit.objects.filter(replaces=old).exists()
        desks.clerk.press(page, "Push the new permit")
        assert Permit.objects.get(replaces=old).state == State.SYNCED

    def test_is_not_offered_where_nothing_needs_it(self, desks: Desks) -> None:
        page = desks.clerk.edit(push(), amount="free")
        assert "Replace with this" not in page.buttons

    def test_of_a_permit_that_is_not_there_says_so(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = push()
        withdraw(permit)
        page = desks.clerk.open(f"/permits/permit/{permit.pk}/replace/")
        assert "only a permit that is on the controller" in page.message


def rejected(desks: Desks, sandbox: Sandbox) -> tuple[Permit, Permit]:
    """A permit and its successor, which the controller refused."""
    old = push()
    sandbox.fault("error", code=9005, message="The end time is invalid.")
    desks.clerk.press(offered(desks, old, zone="Lot 5"), "Replace with this")
    return now(old), Permit.objects.get(replaces=old)


class TestRefused:
    def test_says_what_to_do(self, desks: Desks, sandbox: Sandbox) -> None:
        old, new = rejected(desks, sandbox)
        assert (old.state, new.state) == (State.SYNCED, State.REJECTED)
        panel = desks.clerk.see(new).panel
        assert f"is to replace permit {old.pk}, which stays on the controller as it was" in panel
        assert "Correct this one and push it again, or give the replacement up." in panel

    def test_corrected_it_replaces_the_old_one(self, desks: Desks, sandbox: Sandbox) -> None:
        old, new = rejected(desks, sandbox)
        desks.clerk.edit(new, push=True, amount="13")
        assert (now(old).state, now(new).state) == (State.DELETED, State.SYNCED)

    def test_given_up_it_leaves_the_old_one(self, desks: Desks, sandbox: Sandbox) -> None:
        old, new = rejected(desks, sandbox)
        path = f"/permits/permit/{new.pk}/delete/"
        page = desks.clerk.open(path)
        assert f"leaves permit {old.pk} on the controller as it is" in page.text
        desks.clerk.press(page, "Give up replacing")
        assert (now(old).state, now(new).state) == (State.SYNCED, State.DELETED)
        assert [each["reference"] for each in sandbox.records("live")] == [old.reference_id]


class TestInDoubt:
    def test_says_what_to_do(self, desks: Desks, sandbox: Sandbox) -> None:
        old = push()
        sandbox.fault("close")
        desks.clerk.press(offered(desks, old, zone="Lot 5"), "Replace with this")
        new = Permit.objects.get(replaces=old)
        panel = desks.supervisor.see(new).panel
        assert "Resolve this one, or give the replacement up." in panel
        assert now(old).withdrawn_at is None
        assert f"Permit {new.pk} is to replace this one" in desks.clerk.see(old).panel


class TestTheStory:
    def test_leads_from_each_to_the_other(self, desks: Desks) -> None:
        old = push()
        desks.clerk.press(offered(desks, old, zone="Lot 5"), "Replace with this")
        new = Permit.objects.get(replaces=old)
        assert f"Replaces Permit {old.pk}" in desks.clerk.see(new).panel
        assert f"Replaced by Permit {new.pk}" in desks.clerk.see(old).panel
        assert f"Replaced by {new.pk}." in desks.clerk.see(old).text

    def test_tells_of_one_that_was_given_up(self, desks: Desks, sandbox: Sandbox) -> None:
        old, new = rejected(desks, sandbox)
        withdraw(new)
        assert f"Replacement given up Permit {new.pk}" in desks.clerk.see(old).panel
