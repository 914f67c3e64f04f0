"""Zones out of step: found, written down with their window, and ended; what the totals include."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import reconcile
from permits.models import Drift, Permit, Zone
from tests.engine.office import make_call, push, withdraw
from tests.reconcile.office import count, ended, lasting, lose_a_push, pass_time, standing
from tests.sandbox_server import Sandbox

FOREIGN = {"start": "2096-01-01T00:00:00", "end": "2096-01-02T00:00:00"}


def lot(name: str) -> Zone:
    return Zone.objects.get_or_create(name=name)[0]


class TestTheBoard:
    def test_a_zone_where_all_is_as_it_should_be_is_in_step(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        here = standing()
        assert (here.low, here.high, here.total, here.gap) == (1, 1, 1, 0)
        assert [(each.type, each.total) for each in here.types] == [("standard", 0), ("temp", 1)]
        assert not Drift.objects.exists()

    def test_an_unknown_outcome_widens_the_band_and_is_no_drift(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        lose_a_push(sandbox, applied=True)
        pass_time(clock, minutes=30)
        count()
        assert (standing().low, standing().high, standing().gap) == (1, 2, 0)

    def test_a_call_that_ended_as_the_counts_were_fetched_widens_the_band(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        count()
        assert (standing().low, standing().high) == (0, 1)

    def test_a_record_counts_under_the_zone_as_acknowledged(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        permit = push(lasting())
        Permit.objects.filter(pk=permit.pk).update(zone=lot("Lot 1"))
        pass_time(clock, minutes=1)
        count()
        assert standing("Lot 4").both.all.held == 1
        assert standing("Lot 1").both.all.held == 0

    def test_what_was_deleted_is_not_held(self, sandbox: Sandbox, clock: Traveller) -> None:
        permit = push(lasting())
        withdraw(permit)
        make_call(permit)
        pass_time(clock, minutes=1)
        count()
        assert (standing().both.all.held, standing().total, standing().gap) == (0, 0, 0)

    def test_both_readings_stand_side_by_side(self, sandbox: Sandbox, clock: Traveller) -> None:
        push(lasting())
        push(ended())
        pass_time(clock, minutes=1)
        count()
        assert (standing().both.all.held, standing().both.valid.held) == (2, 1)
        assert (standing().low, standing().high) == (1, 2)


class TestWhatTheSandboxCanDo:
    """Records nobody told us of, records lost, zones renamed, ended ones counted or not."""

    @pytest.fixture(autouse=True)
    def _in_step(self, sandbox: Sandbox, clock: Traveller, settings: Settings) -> None:
        settings.OPSCOM_TOTALS_OTHERS = False
        push(lasting())
        push(lasting("OTHER 1", zone=lot("Lot 1")))
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=15)

    def test_a_record_nobody_told_us_of_is_one_too_many(self, sandbox: Sandbox) -> None:
        sandbox.add_record(plate="X 1", zone="Lot 4", **FOREIGN)
        count()
        assert standing().gap == 1
        assert "1 record that nothing of ours explains" in standing().why

    def test_where_others_are_counted_more_is_no_drift(
        self, sandbox: Sandbox, settings: Settings
    ) -> None:
        settings.OPSCOM_TOTALS_OTHERS = True
        sandbox.add_record(plate="X 1", zone="Lot 4", **FOREIGN)
        count()
        assert (standing().gap, standing().more) == (0, 1)

    def test_a_record_it_lost_is_one_too_few(self, sandbox: Sandbox) -> None:
        sandbox.lose_record(sandbox.records("live")[0]["reference"])
        count()
        assert standing().gap == -1

    def test_a_zone_it_renamed_stands_on_both_sides_alone(self, sandbox: Sandbox) -> None:
        sandbox.zones(rename="Lot 4", to="Lot IV")
        count()
        sandbox.zones(rename="Lot IV", to="Lot 4")
        assert standing("Lot 4").is_ours_alone
        assert standing("Lot 4").renamed == "Lot IV"
        assert standing("Lot IV").is_theirs_alone

    def test_ended_permits_that_it_leaves_out_are_no_drift_until_the_reading_is_stated(
        self, sandbox: Sandbox, clock: Traveller, settings: Settings
    ) -> None:
        push(ended())
        sandbox.settings(counts_expired=False)
        pass_time(clock, minutes=1)
        count()
        assert standing().gap == 0
        settings.OPSCOM_TOTALS_EXPIRED = True
        assert standing().gap == -1
        settings.OPSCOM_TOTALS_EXPIRED = False
        assert standing().gap == 0


class TestDriftOverTime:
    @pytest.fixture(autouse=True)
    def _others_are_not_counted(self, settings: Settings) -> None:
        settings.OPSCOM_TOTALS_OTHERS = False

    def test_its_window_is_from_the_last_counts_in_step_to_the_first_out_of_it(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        last = count()
        pass_time(clock, minutes=5)
        within = push(lasting("WITHIN 1"))
        sandbox.add_record(plate="X 1", zone="Lot 4", **FOREIGN)
        pass_time(clock, minutes=10)
        first = count()
        drift = Drift.objects.get()
        assert (drift.in_step_at, drift.since, drift.gap) == (last.began_at, first.began_at, 1)
        assert [call.permit for call in reconcile.calls_within(drift, "Lot 4")] == [within]

    def test_it_stays_one_until_it_ends(self, sandbox: Sandbox, clock: Traveller) -> None:
        reference = sandbox.add_record(plate="X 1", zone="Lot 4", **FOREIGN)
        first = count()
        pass_time(clock, minutes=15)
        sandbox.add_record(plate="X 2", zone="Lot 4", **FOREIGN)
        count()
        drift = Drift.objects.get()
        assert (drift.since, drift.gap, drift.ended_at) == (first.began_at, 2, None)
        for record in sandbox.records("live"):
            sandbox.lose_record(record["reference"])
        assert reference
        pass_time(clock, minutes=15)
        last = count()
        assert Drift.objects.get().ended_at == last.began_at

    def test_it_is_flagged_once_it_outlasts_the_stated_time(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        sandbox.add_record(plate="X 1", zone="Lot 4", **FOREIGN)
        count()
        assert not standing().lasts
        assert not Drift.objects.lasting(timezone.now()).exists()
        pass_time(clock, minutes=61)
        count()
        assert standing().lasts
        assert [drift.zone for drift in Drift.objects.lasting(timezone.now())] == ["Lot 4"]

    def test_a_pull_is_compared_once(self, sandbox: Sandbox, clock: Traveller) -> None:
        count()
        assert reconcile.catch_up() == 0


class TestReadings:
    def test_at_first_it_cannot_tell(self, sandbox: Sandbox, clock: Traveller) -> None:
        count()
        told = reconcile.reading()
        assert (told.expired.holds, told.others.holds) == (None, None)

    @pytest.mark.parametrize("holds", [True, False])
    def test_what_is_stated_holds(self, settings: Settings, *, holds: bool) -> None:
        settings.OPSCOM_TOTALS_EXPIRED = settings.OPSCOM_TOTALS_OTHERS = holds
        told = reconcile.reading()
        assert (told.expired.holds, told.others.holds) == (holds, holds)
        assert "OPSCOM_TOTALS_EXPIRED" in told.expired.grounds

    @pytest.mark.parametrize("counted", [True, False])
    def test_whether_ended_permits_are_counted_is_told_from_those_that_are_pushed(
        self, sandbox: Sandbox, clock: Traveller, *, counted: bool
    ) -> None:
        sandbox.settings(counts_expired=counted)
        for number in range(7):
            push(ended(f"OLD {number}"))
            pass_time(clock, minutes=15)
            count()
        told = reconcile.reading().expired
        assert told.holds is counted
        assert not told.stated

    def test_records_that_appear_tell_that_others_are_counted(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        for number in range(4):
            count()
            sandbox.add_record(plate=f"X {number}", zone="Lot 4", **FOREIGN)
            pass_time(clock, minutes=15)
        count()
        told = reconcile.reading().others
        assert told.holds is True
        assert "4 times records appeared" in told.grounds


class TestTheCommand:
    def test_it_prints_how_each_zone_stands(self, sandbox: Sandbox, clock: Traveller) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        out = StringIO()
        call_command("reconcile", stdout=out)
        assert "Lot 4: ours 1, theirs 1. It fits.\n" in out.getvalue()
        assert "Ended permits are counted: cannot tell yet." in out.getvalue()

    def test_it_ends_with_2_where_a_zone_is_out_of_step(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        sandbox.add_record(plate="X 1", zone="Lot 4", **FOREIGN)
        with pytest.raises(CommandError, match="in 1 of 14 zones") as failed:
            call_command("reconcile", stdout=StringIO())
        assert failed.value.returncode == 2
