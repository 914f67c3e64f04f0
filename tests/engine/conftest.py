"""The database and the controller of these tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from pytest_django import Settings

from tests.endings import Ending, Scene
from tests.engine.gate import Gate
from tests.sandbox_server import Sandbox

Meet = Callable[[Ending], None]


@pytest.fixture(autouse=True)
def _everything_is_written_for_good(database: None) -> None:
    """Give every test of the engine the database."""


@pytest.fixture
def scene(sandbox: Sandbox, settings: Settings) -> Iterator[Scene]:
    """What the next call meets; the settings follow once `meet` has put something in place."""
    with ExitStack() as stack:
        yield Scene(sandbox, stack)


@pytest.fixture
def meet(scene: Scene, settings: Settings) -> Meet:
    """Have the next call end so: `meet(ending)`."""

    def arrange(ending: Ending) -> None:
        ending.arrange(scene)
        settings.OPSCOM_URL = scene.url
        if ending.impatient:
            settings.OPSCOM_CONNECT_TIMEOUT = settings.OPSCOM_READ_TIMEOUT = 0.4
            settings.OPSCOM_DEADLINE = 0.6

    return arrange


@pytest.fixture
def gate(scene: Scene, settings: Settings) -> Gate:
    """A controller that answers when it is told to."""
    gate = Gate()
    settings.OPSCOM_URL = scene.listen(gate.act).url
    return gate
