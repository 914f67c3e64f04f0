"""The people: one of each group, and one who may do everything."""

from dataclasses import dataclass
from functools import cache
from typing import Final

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

PASSWORD: Final = "correct horse battery staple"
GROUPS: Final = {"clerk": "Parking staff", "supervisor": "Supervisors", "auditor": "Auditors"}
SUPERUSER: Final = "root"


@dataclass(frozen=True)
class Staff:
    """Users as the database holds them; every one's password is `PASSWORD`."""

    clerk: User
    supervisor: User
    auditor: User
    root: User


def make_staff(hasher: str = "default") -> Staff:
    """Make a user of each group, named as in `GROUPS`, and the superuser.

    A program that the tests have started reads only passwords that were hashed as in use.
    """
    people = {name: _make(name, hasher) for name in (*GROUPS, SUPERUSER)}
    for name, group in GROUPS.items():
        people[name].groups.add(Group.objects.get(name=group))
    return Staff(**people)


def _make(name: str, hasher: str) -> User:
    return User.objects.create(
        username=name,
        password=_hashed_password(hasher),
        email=f"{name}@example.org",
        is_staff=True,
        is_superuser=name == SUPERUSER,
    )


@cache
def _hashed_password(hasher: str) -> str:
    return make_password(PASSWORD, hasher=hasher)  # slow by design as in use, so once


@pytest.fixture
def staff(db: None) -> Staff:
    """A user of each group and a superuser, in the database of the test's own process."""
    return make_staff()
