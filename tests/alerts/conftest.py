"""The database, the mail server and the clock of these tests."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from pytest_django import Settings
from time_machine import Traveller

from tests.mail_server import MailServer

EVENING = datetime(2026, 11, 23, 22, tzinfo=UTC)


@pytest.fixture
def mail(database: None, settings: Settings) -> Iterator[MailServer]:
    """A mail server, and somebody who is told."""
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 0.5
        settings.ALERT_RECIPIENTS = ["desk@example.org", "chief@example.org"]
        settings.PORTAL_URL = "https://permits.example.org"
        yield server


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(EVENING, tick=False) as clock:
        yield clock
