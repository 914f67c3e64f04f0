"""Who may do what: every action, tried by everybody, straight at its address."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from permits import sync
from permits.models import Batch, BatchItem, Link, Permit, Zone
from tests.engine.office import enter, push, withdraw
from tests.pages.addresses import ROOT, STAFF, SUPERVISORS, everything
from tests.pages.desk import ADD, PERMITS, RUNS, TYPED, Desk, Desks
from tests.pages.states import State, in_state
from tests.sandbox_server import Sandbox

Fields = dict[str, str]
Prepared = tuple[str, Fields]  # where the form goes, and what is in it


@dataclass(frozen=True)
class Action:
    """Something that can be done, and who may do it."""

    name: str
    allowed: frozenset[str]
    prepare: Callable[[Sandbox], Prepared] = field(repr=False)

    def __str__(self) -> str:
        return self.name


def on(state: str, page: str, **fields: str) -> Callable[[Sandbox], Prepared]:
    """The form of one page of a permit in this state."""

    def prepare(sandbox: Sandbox) -> Prepared:
        permit = in_state(state, sandbox)
        return f"{PERMITS}{permit.pk}/{page}/", fields

    return prepare


def in_bulk(state: str, kind: str, **fields: str) -> Callable[[Sandbox], Prepared]:
    """A bulk action on one permit in this state, confirmed."""

    def prepare(sandbox: Sandbox) -> Prepared:
        ticked = {"_selected_action": str(in_state(state, sandbox).pk)}
        return PERMITS, {"action": f"{kind}_selected", "confirm": "yes", **ticked, **fields}

    return prepare


def edited(sandbox: Sandbox) -> Prepared:
    permit = in_state(State.SYNCED, sandbox)
    fields = TYPED | {"plate": "EDITED", "version": str(permit.version), "_save": "1"}
    return f"{PERMITS}{permit.pk}/change/", fields


def kept(sandbox: Sandbox) -> Prepared:
    permit = push()
    withdraw(permit)
    return f"{PERMITS}{permit.pk}/keep/", {}


def run(state: str, button: str) -> Callable[[Sandbox], Prepared]:
    """A button of a bulk run in this state."""

    def prepare(sandbox: Sandbox) -> Prepared:
        batch = sync.start_batch(
            Batch.Kind.RETRY,
            Permit.objects.filter(pk=in_state(State.REJECTED, sandbox).pk),
            actor="clerk",
        )
        if state == "finished":
            BatchItem.objects.filter(batch=batch).update(result=BatchItem.Result.REJECTED)
        ended = timezone.now() if state == "finished" else None
        Batch.objects.filter(pk=batch.pk).update(state=state, finished_at=ended)
        return f"{RUNS}{batch.pk}/{button}/", {}

    return prepare


def paused(sandbox: Sandbox) -> Prepared:
    Link.objects.update_or_create(
        pk=Link.ONLY, defaults={"pause": Link.Pause.UNREACHABLE, "paused_at": timezone.now()}
    )
    return "/controller/resume/", {}


def of_zone(page: str, **fields: str) -> Callable[[Sandbox], Prepared]:
    """The form of one page of a zone that no permit uses."""

    def prepare(sandbox: Sandbox) -> Prepared:
        zone = Zone.objects.create(name=f"Unused {Zone.objects.count()}")
        return f"/permits/zone/{zone.pk}/{page}/", fields

    return prepare


def at(path: str, **fields: str) -> Callable[[Sandbox], Prepared]:
    """A form that needs nothing to be there."""
    return lambda _: (path, fields)


NEW_USER = {"username": "new", "password1": "kW8-x-2-long", "password2": "kW8-x-2-long"}
THERE = {"verdict": "there", "reference_id": "abc-1", "reason": "I see it."}
ACTIONS = [
    Action("enter", STAFF, at(ADD, **TYPED, _save="1")),
    Action("enter and push", STAFF, at(ADD, **TYPED, _push="1")),
    Action("edit", STAFF, edited),
    Action("push", STAFF, on(State.DRAFT, "push")),
    Action("update", STAFF, on(State.CHANGED, "update")),
    Action("delete", STAFF, on(State.SYNCED, "delete", post="yes")),
    Action("delete a draft", STAFF, on(State.DRAFT, "delete", post="yes")),
    Action("resolve as there", SUPERVISORS, on(State.IN_DOUBT, "resolve", **THERE)),
    Action(
        "resolve as not there",
        SUPERVISORS,
        on(State.IN_DOUBT, "resolve", verdict="not_there", reason="I see none."),
    ),
    Action("push anew", SUPERVISORS, on(State.MISSING, "push-anew", reason="It is wanted.")),
    Action("keep", STAFF, kept),
    Action("replace", STAFF, on(State.SYNCED, "replace", **TYPED)),
    Action("push many", STAFF, in_bulk(State.DRAFT, "push")),
    Action("update many", STAFF, in_bulk(State.CHANGED, "update")),
    Action("delete many", STAFF, in_bulk(State.SYNCED, "delete")),
    Action("extend many", STAFF, in_bulk(State.SYNCED, "extend", number="2", unit="days")),
    Action("retry many", STAFF, in_bulk(State.REJECTED, "retry")),
    Action("stop a run", STAFF, run("running", "stop")),
    Action("resume a run", STAFF, run("stopped", "resume")),
    Action("retry a run", STAFF, run("finished", "retry")),
    Action("resume calls", SUPERVISORS, paused),
    Action("add a zone", SUPERVISORS, at("/permits/zone/add/", name="Lot 99")),
    Action("rename a zone", SUPERVISORS, of_zone("change", name="Lot 98")),
    Action("delete a zone", SUPERVISORS, of_zone("delete", post="yes")),
    Action("add a user", ROOT, at("/auth/user/add/", **NEW_USER)),
]


@pytest.mark.parametrize("action", ACTIONS, ids=str)
def test_it_is_done_for_those_who_may_and_nobody_else(
    desks: Desks, sandbox: Sandbox, action: Action
) -> None:
    path, fields = action.prepare(sandbox)
    Link.current()
    before, calls = everything(), len(sandbox.requests())
    for name in set(vars(desks)) - action.allowed:
        answer = vars(desks)[name].client.post(path, fields)
        # A list ignores an action that it does not offer.
        refused = (302,) if name == "nobody" else (200, 403) if path == PERMITS else (403,)
        assert answer.status_code in refused, name
        assert everything() == before, name
    assert len(sandbox.requests()) == calls

    desk: Desk = vars(desks)[min(action.allowed)]
    assert desk.post(path, fields).status == 200
    assert everything() != before


@pytest.fixture
def enters_only(desks: Desks) -> Desk:
    """Somebody who may enter and edit permits, and have nothing sent."""
    user = User.objects.create(username="enters-only", is_staff=True)
    names = ("view_permit", "add_permit", "change_permit")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return Desk(user)


class TestOneWhoMayEnterButNotSend:
    def test_enters_a_permit(self, enters_only: Desk) -> None:
        page = enters_only.enter()
        assert page.message.startswith("ABC 123: saved.")
        assert Permit.objects.get().state == State.DRAFT

    def test_is_offered_no_push(self, enters_only: Desk) -> None:
        assert enters_only.open(ADD).buttons[-1:] == ["Save"]
        assert "Save and push" not in enters_only.open(ADD).text
        assert "Push" not in enters_only.see(enter()).buttons
        assert not {"Push", "Push …"} & set(enters_only.open(PERMITS).buttons)

    def test_cannot_push_by_the_button_that_is_not_there(self, enters_only: Desk) -> None:
        answer = enters_only.client.post(ADD, TYPED | {"_push": "1"})
        assert answer.status_code == 403
        assert not Permit.objects.exists()

    def test_cannot_update_by_the_button_that_is_not_there(
        self, enters_only: Desk, sandbox: Sandbox
    ) -> None:
        path, fields = edited(sandbox)
        before = everything()
        assert enters_only.client.post(path, fields | {"_push": "1"}).status_code == 403
        assert everything() == before

    def test_cannot_run_in_bulk(self, enters_only: Desk, sandbox: Sandbox) -> None:
        path, fields = in_bulk(State.DRAFT, "push")(sandbox)
        enters_only.client.post(path, fields)
        assert not Batch.objects.exists()


class TestDeleting:
    def test_a_permit_that_was_sent_stays_with_its_history(self, desks: Desks) -> None:
        permit = push()
        desks.root.post(f"{PERMITS}{permit.pk}/delete/", {"post": "yes"})
        permit.refresh_from_db()
        assert permit.state == State.DELETED
        assert permit.attempts.count() == 2

    def test_a_deleted_permit_cannot_be_deleted_away(self, desks: Desks, sandbox: Sandbox) -> None:
        permit = in_state(State.DELETED, sandbox)
        Link.current()
        before = everything()
        page = desks.root.post(f"{PERMITS}{permit.pk}/delete/", {"post": "yes"})
        assert "deleted already" in page.message
        assert everything() == before

    def test_one_whose_push_never_left_stays_with_its_history(
        self, desks: Desks, sandbox: Sandbox
    ) -> None:
        permit = in_state(State.REJECTED, sandbox)
        desks.root.post(f"{PERMITS}{permit.pk}/delete/", {"post": "yes"})
        permit.refresh_from_db()
        assert (permit.state, permit.attempts.count()) == (State.DELETED, 1)

    def test_one_that_was_never_sent_is_gone(self, desks: Desks) -> None:
        permit = enter()
        page = desks.clerk.post(f"{PERMITS}{permit.pk}/delete/", {"post": "yes"})
        assert page.message == "The permit was never sent, so it is simply removed."
        assert not Permit.objects.exists()

    def test_a_zone_with_permits_cannot_be_deleted(self, desks: Desks) -> None:
        zone = enter().zone
        assert zone is not None
        page = desks.root.post(f"/permits/zone/{zone.pk}/delete/", {"post": "yes"})
        assert "it cannot be deleted" in page.text
        assert Zone.objects.filter(pk=zone.pk).exists()
