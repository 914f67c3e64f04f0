"""The database of these tests."""

import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _everything_is_written_for_good(database: None, settings: Settings) -> None:
    """Give every test the database, and the schedule that an installation has."""
    settings.OPSCOM_COUNT_EVERY = 900
