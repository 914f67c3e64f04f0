"""Signing in, and what is changed about accounts, is written down; no secret with it."""

from typing import Any, Final

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from permits.models import Activity
from tests.pages.desk import Desk
from tests.staff import PASSWORD, Staff

Kind = Activity.Kind
NEW_PASSWORD: Final = "a-password-nobody-uses-4711"


@pytest.fixture
def root(staff: Staff) -> Desk:
    return Desk(staff.root)


@pytest.fixture(autouse=True)
def notes(root: Desk) -> "Notes":
    return Notes()


class Notes:
    """What was noted since the people came to their desks."""

    def __init__(self) -> None:
        last = Activity.objects.first()
        self.before = last.pk if last else 0

    def all(self) -> list[Activity]:
        return list(Activity.objects.filter(pk__gt=self.before).order_by("pk"))

    def only(self) -> Activity:
        (only,) = self.all()
        return only

    def details(self) -> list[tuple[str, dict[str, Any]]]:
        return [(each.kind, each.details) for each in self.all()]


def sign_in(username: str, password: str) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/login/", {"username": username, "password": password, "next": "/"})
    return client


def everything_noted() -> str:
    return str(list(Activity.objects.values()))


class TestSigningIn:
    def test_it_is_noted_with_the_address(self, notes: Notes) -> None:
        sign_in("clerk", PASSWORD)
        assert (notes.only().kind, notes.only().actor) == (Kind.SIGNED_IN, "clerk")
        assert notes.only().address == "192.0.2.7"

    def test_signing_out_is_noted(self, notes: Notes) -> None:
        sign_in("clerk", PASSWORD).post("/logout/")
        assert [(each.kind, each.actor) for each in notes.all()] == [
            (Kind.SIGNED_IN, "clerk"),
            (Kind.SIGNED_OUT, "clerk"),
        ]

    def test_a_failure_names_a_user_there_is(self, notes: Notes) -> None:
        sign_in("clerk", "wrong-password-4711")
        assert (notes.only().kind, notes.only().actor) == (Kind.SIGN_IN_FAILED, "clerk")
        assert "4711" not in everything_noted()

    @pytest.mark.parametrize("typed", [PASSWORD, "\u0130x" * 40])
    def test_a_failure_does_not_repeat_a_name_that_nobody_has(
        self, notes: Notes, typed: str
    ) -> None:
        sign_in(typed, "wrong-password-4711")
        noted = notes.only()
        assert (noted.kind, noted.actor) == (Kind.SIGN_IN_FAILED, "")
        assert noted.details == {"user": "unknown"}
        assert typed not in everything_noted()


class TestAccounts:
    def test_a_new_user_is_noted_with_groups_and_without_a_password(
        self, notes: Notes, root: Desk
    ) -> None:
        clerks = Group.objects.get(name="Parking staff")
        passwords = dict.fromkeys(("password1", "password2"), NEW_PASSWORD)
        root.post(
            "/auth/user/add/",
            {"username": "new", "is_staff": "on", "groups": str(clerks.pk), **passwords},
        )
        assert notes.details() == [
            (Kind.USER_ADDED, {"username": "new", "is_active": True, "is_staff": True}),
            (Kind.USER_CHANGED, {"groups added": ["Parking staff"]}),
        ]
        assert {each.actor for each in notes.all()} == {"root"}
        assert {each.what for each in notes.all()} == {"new"}
        assert NEW_PASSWORD not in everything_noted()

    def test_a_change_is_noted_from_what_to_what(self, notes: Notes) -> None:
        user = User.objects.get(username="clerk")
        user.is_superuser = True
        user.save()
        assert (notes.only().what, notes.only().details) == (
            "clerk",
            {"is_superuser": [False, True]},
        )
        assert notes.only().actor == ""

    def test_saving_without_a_change_is_not_noted(self, notes: Notes) -> None:
        User.objects.get(username="clerk").save()
        assert not notes.all()

    def test_a_new_password_is_noted_and_not_shown(self, notes: Notes, root: Desk) -> None:
        user = User.objects.get(username="clerk")
        passwords = dict.fromkeys(("password1", "password2"), NEW_PASSWORD)
        root.post(f"/auth/user/{user.pk}/password/", passwords)
        assert (notes.only().actor, notes.only().details) == ("root", {"password": "changed"})
        user.refresh_from_db()
        assert user.password not in everything_noted()

    def test_a_password_that_is_only_hashed_anew_is_not_called_changed(self, notes: Notes) -> None:
        weak = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1)
        User.objects.filter(username="clerk").update(password=weak)
        sign_in("clerk", PASSWORD)
        assert (Kind.USER_CHANGED, {"password": "hashed anew"}) in notes.details()

    def test_a_removed_user_leaves_the_name(self, notes: Notes, root: Desk) -> None:
        user = User.objects.get(username="auditor")
        root.post(f"/auth/user/{user.pk}/delete/", {"post": "yes"})
        assert (notes.only().kind, notes.only().actor, notes.only().what) == (
            Kind.USER_REMOVED,
            "root",
            "auditor",
        )

    def test_what_a_group_may_do_is_noted(self, notes: Notes) -> None:
        group = Group.objects.get(name="Auditors")
        chosen = Permission.objects.get(codename="add_permit")
        group.permissions.add(chosen)
        group.permissions.remove(chosen)
        group.permissions.set([])
        assert notes.details()[:2] == [
            (Kind.GROUP_CHANGED, {"permissions added": ["add_permit"]}),
            (Kind.GROUP_CHANGED, {"permissions removed": ["add_permit"]}),
        ]
        assert "view_syncattempt" in notes.details()[2][1]["permissions removed"]

    def test_clearing_a_users_groups_is_noted(self, notes: Notes) -> None:
        User.objects.get(username="clerk").groups.clear()
        assert notes.details() == [(Kind.USER_CHANGED, {"groups removed": ["Parking staff"]})]

    def test_users_put_into_a_group_from_its_side_are_noted_each(self, notes: Notes) -> None:
        group = Group.objects.get(name="Auditors")
        group.user_set.set(User.objects.filter(username__in=("clerk", "auditor")))
        assert [(each.what, each.details) for each in notes.all()] == [
            ("clerk", {"groups added": ["Auditors"]})
        ]
        group.user_set.clear()
        assert len(notes.all()) == 3

    def test_a_group_is_noted_when_it_comes_is_renamed_and_goes(self, notes: Notes) -> None:
        group = Group.objects.create(name="Night shift")
        group.name = "Late shift"
        group.save()
        group.delete()
        assert notes.details() == [
            (Kind.GROUP_ADDED, {"name": "Night shift"}),
            (Kind.GROUP_CHANGED, {"name": ["Night shift", "Late shift"]}),
            (Kind.GROUP_REMOVED, {}),
        ]


def test_a_note_cuts_what_is_too_long_for_its_row() -> None:
    noted = Activity.note(kind=Kind.EXPORTED, actor="auditor", what="x" * 999, details={"rows": 3})
    noted.refresh_from_db()
    assert (len(noted.what), noted.details) == (250, {"rows": 3})
    assert str(noted).startswith("Exported: xxx")
