"""The controller the tests call: the sandbox, in a process of its own."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.sandbox_server import Sandbox


@pytest.fixture(scope="session")
def sandbox_process() -> Iterator[Sandbox]:
    """The one sandbox of the session. Tests ask for `sandbox`."""
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(sandbox_process: Sandbox, settings: Settings) -> Sandbox:
    """A controller with an empty ledger and no faults; the settings point to it."""
    try:
        sandbox_process.reset()
    except OSError:  # the test before has stopped it
        sandbox_process.restart()
        sandbox_process.reset()
    settings.SANDBOX_URL = settings.OPSCOM_URL = sandbox_process.url
    return sandbox_process
