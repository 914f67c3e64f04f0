"""One sandbox for all these tests, as good as new for each."""

from collections.abc import Iterator

import pytest

from tests.sandbox_server import Sandbox


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """A sandbox that has been used by other tests."""
    with Sandbox(zones="Lot 1,Lot 4,Harbour") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """A sandbox that holds nothing, with the zones Lot 1, Lot 4 and Harbour."""
    running_sandbox.reset()
    return running_sandbox
