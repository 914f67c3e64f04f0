"""`manage.py reconcile`: the controller's counts, on the command line."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from permits.models import Drift, Source, SyncAttempt, Zone
from tests.engine.office import push
from tests.journeys.hours_ago import hours_ago
from tests.portal import Portal
from tests.reconcile.office import ended, lasting
from tests.sandbox_server import Sandbox


@pytest.mark.usefixtures("database")
def test_it_prints_the_counts_and_learns_the_zones(sandbox: Sandbox) -> None:
    push()
    out = StringIO()
    call_command("reconcile", stdout=out)
    assert "Lot 4, temp: 1\n" in out.getvalue()
    assert Zone.objects.get(name="Lot 4").is_reported
    assert SyncAttempt.objects.get(operation="stats").source == Source.SHELL


@pytest.mark.usefixtures("database")
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


class TestAsAProgram:
    """With a sandbox that holds what nobody told us of, lost some, and renamed a zone."""

    @pytest.fixture(autouse=True)
    def _past(self, portal: Portal, sandbox: Sandbox) -> None:
        lots = {name: Zone.objects.create(name=name) for name in ("Lot 1", "Lot 2", "Lot 3")}
        with hours_ago(1):
            lost = push(lasting("LOST 1", zone=lots["Lot 1"]))
            push(lasting("MOVED 1", zone=lots["Lot 2"]))
            push(ended("OLD 1", zone=lots["Lot 3"]))
            push(lasting())
        sandbox.lose_record(lost.reference_id)
        sandbox.zones(rename="Lot 2", to="Lot Two")
        sandbox.add_record(
            plate="X", start="2096-01-01T00:00:00", end="2096-01-02T00:00:00", zone="Lot 4"
        )

    @pytest.mark.parametrize("counted", [True, False])
    def test_it_says_of_each_zone_what_is_wrong(
        self, portal: Portal, sandbox: Sandbox, *, counted: bool
    ) -> None:
        sandbox.settings(counts_expired=counted)
        done = portal.manage("reconcile", check=False, OPSCOM_TOTALS_EXPIRED="yes")
        assert done.returncode == 2
        said = dict(line.split(": ours ", 1) for line in done.stdout.splitlines() if "ours" in line)
        assert said["Lot 1"] == "1, theirs 0. 1 record that should stand there is not counted."
        assert said["Lot 2"].startswith("1, theirs not named. ")
        assert "as many in Lot Two" in said["Lot 2"]
        assert "we know of none" in said["Lot Two"]
        assert said["Lot 4"].startswith("1, theirs 2. The controller counts 1 record that nothing")
        assert said["Lot 3"].endswith("It fits." if counted else "is not counted.")
        out = {"Lot 1", "Lot 2", "Lot Two", "Lot 4"} | (set() if counted else {"Lot 3"})
        assert set(Drift.objects.open().values_list("zone", flat=True)) == out
