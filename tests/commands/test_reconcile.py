"""`manage.py reconcile`: the controller's counts, on the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from permits.models import Source, SyncAttempt, Zone
from tests.engine.office import push
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.usefixtures("database")


def test_it_prints_the_counts_and_learns_the_zones(sandbox: Sandbox) -> None:
    push()
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert "Lot 4, temp: 1\n" in out.getvalue()
    assert Zone.objects.get(name="Lot 4").is_reported
    assert SyncAttempt.objects.get(operation="stats").source == Source.SHELL


@pytest.mark.parametrize(
    ("fault", "words"),
    [("status", "busy"), ("close", "The answer was lost"), ("error", "value of a field")],
)
def test_a_controller_that_gives_none_is_a_failure(
    sandbox: Sandbox, fault: str, words: str
) -> None:
    sandbox.fault(fault)
    with pytest.raises(CommandError, match=words):
        call_command("reconcile")
    assert SyncAttempt.objects.get().error_message
