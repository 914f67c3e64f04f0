"""However a call ends, the client says which of four things that means."""

import time

import pytest

from permits.controller import (
    ControllerError,
    NotBegun,
    NotSent,
    PermitRefused,
    RecordNotFound,
    Refused,
)
from tests.client.conftest import call, impatient, make_controller
from tests.endings import (
    ENDINGS,
    Ending,
    Scene,
    by_operation,
)
from tests.sandbox_server import Sandbox

# What takes long does so whatever the operation is: the engine's tests try each.
QUICK = [ending for ending in ENDINGS if not ending.impatient]
SLOW = [ending for ending in ENDINGS if ending.impatient]


@pytest.mark.parametrize(
    ("ending", "operation"), [*by_operation(QUICK), *by_operation(SLOW, "push")], ids=str
)
def test_a_call_ends_with_the_error_that_the_table_names(
    scene: Scene, ending: Ending, operation: str
) -> None:
    ending.arrange(scene)
    controller = (impatient if ending.impatient else make_controller)(scene.url)
    begun = time.monotonic()
    with pytest.raises(ending.error) as caught:
        call(controller, operation, scene.reference)
    assert time.monotonic() - begun < 8
    assert type(caught.value) is ending.error
    assert caught.value.code == ending.code
    assert str(caught.value) or ending.code is not None


def test_every_error_of_the_tree_is_the_end_of_some_call() -> None:
    ends = {ending.error for ending in ENDINGS} | {RecordNotFound}
    assert ends == tree(ControllerError) - {NotSent, NotBegun, Refused}
    assert len({ending.name for ending in ENDINGS}) == len(ENDINGS)


def tree(error: type[ControllerError]) -> set[type[ControllerError]]:
    """Every error below this one."""
    below = set(error.__subclasses__())
    return below.union(*(tree(each) for each in below))


class TestRecordNotFound:
    @pytest.mark.parametrize("operation", ["update", "delete"])
    @pytest.mark.parametrize("status", [200, 400, 404])
    def test_9009_says_that_the_record_is_not_there(
        self, sandbox: Sandbox, operation: str, status: int
    ) -> None:
        sandbox.settings(error_status=200 if status == 404 else status)
        if status == 404:
            sandbox.fault("error", code=9009, status=status)
        with pytest.raises(RecordNotFound, match=r"not found|invalid") as caught:
            call(make_controller(sandbox.url), operation)
        assert caught.value.code == 9009

    def test_9009_to_a_push_is_a_refusal_like_any_other(self, sandbox: Sandbox) -> None:
        sandbox.fault("error", code=9009)
        with pytest.raises(PermitRefused) as caught:
            call(make_controller(sandbox.url), "push")
        assert type(caught.value) is PermitRefused
