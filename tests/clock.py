"""A clock that the tests move. The sandbox, in its own process, keeps the real time."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from time_machine import Traveller


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(datetime(2026, 11, 23, 8, tzinfo=UTC), tick=False) as clock:
        yield clock
