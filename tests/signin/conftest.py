"""The desks of the pages' tests, with passwords that are quickly tried."""

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.pages.conftest import desks, gate, known
from tests.pages.desk import Desks
from tests.staff import PASSWORD

__all__ = ["desks", "gate", "known"]


@pytest.fixture
def quick_passwords(settings: Settings, desks: Desks) -> None:
    """Hash passwords once instead of a million times: fifty tries then take no time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.update(password=make_password(PASSWORD))
    for desk in vars(desks).values():
        if desk.user is not None:  # the new hash has ended the session
            desk.user.refresh_from_db()
            desk.client.force_login(desk.user)
