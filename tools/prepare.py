"""What must be there before the portal's programs can start: settings, database, first user."""

import io
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.refusal import Refusal

FIRST_USER: Final = "admin"


@dataclass(frozen=True)
class Account:
    """Who may do everything in the portal."""

    name: str
    password: str
    """Known only right after the account was made; empty otherwise."""


def environment_file(folder: Path) -> bool:
    """Write `.env` with secret keys of its own, for its owner's eyes; an existing one stays.

    Returns whether it was written.
    """
    example = (folder / ".env.example").read_text()
    text = example
    for name in ("SECRET_KEY", "HISTORY_KEY"):
        text = text.replace(f"\n{name}=\n", f"\n{name}={secrets.token_urlsafe(50)}\n")
    try:
        file = os.open(folder / ".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(file, "w") as writer:
        writer.write(text)
    return True


def settings() -> None:
    """Read the settings; raises Refusal, naming each that cannot be used."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permitportal.settings")
    import django
    from django.core.management import call_command
    from django.core.management.base import SystemCheckError

    django.setup()
    try:
        call_command("check", stdout=io.StringIO())
    except SystemCheckError as error:
        raise Refusal(f"{error}\n\nSet it right in .env or in the environment.") from None


def database_and_static_files() -> None:
    """Bring the database's tables and the collected static files up to date."""
    from django.core.management import call_command
    from django.db import OperationalError

    try:
        call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        raise Refusal(f"DATABASE_URL: the database cannot be used. {error}") from None
    call_command("collectstatic", verbosity=0, interactive=False)


def first_user() -> Account:
    """Return the oldest superuser; where there is none, make one with a password of its own."""
    from django.contrib.auth import get_user_model
    from django.db import connection

    users = get_user_model()._default_manager
    there = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    try:
        if there is not None:
            return Account(there.get_username(), password="")
        if users.filter(username=FIRST_USER).exists():
            raise Refusal(
                f"There is a user {FIRST_USER}, and nobody who may do everything. Make somebody "
                "so with: manage.py createsuperuser"
            )
        password = secrets.token_urlsafe(12)
        users.create_superuser(FIRST_USER, password=password)
        return Account(FIRST_USER, password)
    finally:
        connection.close()
