"""The controller's counts: every pull is written down, and teaches us its zones."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from permits import sync
from permits.controller import ControllerError, Totals, ZoneTotal
from permits.models import Link, Source, SyncAttempt, Zone
from tests.endings import Ending
from tests.engine.conftest import Meet
from tests.engine.office import enter
from tests.engine.test_outcomes import SOME, TABLE
from tests.sandbox_server import Sandbox

STATS = [ending for ending in SOME if "stats" in ending.of]


def pull() -> Totals | ControllerError:
    """Fetch the counts."""
    return sync.pull_counts(actor="clerk", source=Source.SHELL)


def answer(sandbox: Sandbox, *zones: str) -> None:
    """Have the next answer count one permit in each of these zones."""
    rows = [{"type": "temp", "zone": zone, "total": "1"} for zone in zones]
    sandbox.fault("answer", body={"data": rows})


def test_the_counts_are_returned_and_the_pull_is_written_down(sandbox: Sandbox) -> None:
    answer(sandbox, "Lot 4")
    result = pull()
    assert isinstance(result, Totals)
    assert result.totals == (ZoneTotal("Lot 4", "temp", 1),)
    attempt = SyncAttempt.objects.get()
    assert (attempt.operation, attempt.outcome) == ("stats", "succeeded")
    assert (attempt.actor, attempt.source, attempt.permit) == ("clerk", Source.SHELL, None)
    assert '"Lot 4"' in attempt.response


@pytest.mark.parametrize("ending", STATS, ids=str)
def test_a_failure_is_returned_and_written_down(meet: Meet, ending: Ending) -> None:
    meet(ending)
    result = pull()
    assert type(result) is ending.error
    attempt = SyncAttempt.objects.get()
    assert attempt.outcome == TABLE[ending.error].attempt
    assert attempt.error_code == ending.code
    assert not Zone.objects.exists()


class TestZones:
    def test_every_zone_that_is_named_is_learnt(self, sandbox: Sandbox) -> None:
        answer(sandbox, "Lot 4", "Harbour", "Lot 4")
        pull()
        assert set(Zone.objects.values_list("name", flat=True)) == {"Lot 4", "Harbour"}
        assert all(zone.is_reported for zone in Zone.objects.all())

    def test_a_zone_that_was_entered_is_found_again(self, sandbox: Sandbox) -> None:
        enter()
        answer(sandbox, "Lot 4")
        pull()
        assert Zone.objects.get().first_reported_at is not None

    def test_the_first_report_stays_and_the_last_moves(self, sandbox: Sandbox) -> None:
        answer(sandbox, "Lot 4")
        pull()
        first = Zone.objects.get().first_reported_at
        answer(sandbox, "Lot 4")
        pull()
        zone = Zone.objects.get()
        assert zone.first_reported_at == first
        assert zone.last_reported_at is not None
        assert first is not None
        assert first < zone.last_reported_at <= timezone.now()

    def test_a_zone_that_is_not_named_any_more_stays(self, sandbox: Sandbox) -> None:
        answer(sandbox, "Lot 4")
        pull()
        answer(sandbox, "Harbour")
        pull()
        assert Zone.objects.count() == 2

    @pytest.mark.parametrize(
        "name", ["", " ", "Lot 4,North", " Lot 4", "Lot\u200b4", "Z" * 201, "a\u0000b", "\ud800"]
    )
    def test_a_name_that_could_never_be_sent_is_passed_over(
        self, sandbox: Sandbox, name: str
    ) -> None:
        answer(sandbox, name, "Lot 1")
        assert isinstance(pull(), Totals)
        assert list(Zone.objects.values_list("name", flat=True)) == ["Lot 1"]


def test_the_lease_does_not_run_while_the_pull_waits_for_its_turn(
    sandbox: Sandbox, settings: Settings
) -> None:
    settings.OPSCOM_RATE_LIMIT = 100
    turn = timezone.now() + timedelta(seconds=0.3)
    Link.objects.update_or_create(pk=Link.ONLY, defaults={"next_call_at": turn})
    pull()
    assert SyncAttempt.objects.get().started_at >= turn
