"""What shows whether a push in doubt arrived: right or silent, never wrong."""

import pytest
from pytest_django import Settings
from time_machine import Traveller

from permits import reconcile, sync
from permits.models import Permit, SyncAttempt, Zone
from tests.engine.office import edit, make_call, push, send, withdraw
from tests.reconcile.office import FAR, LENGTH, count, ended, lasting, lose_a_push, pass_time
from tests.sandbox_server import Sandbox

ARRIVED = reconcile.Points.ARRIVED
DID_NOT = reconcile.Points.DID_NOT
CANNOT_TELL = reconcile.Points.CANNOT_TELL


@pytest.fixture(autouse=True)
def _only_ours_are_counted(settings: Settings) -> None:
    """State both readings, as an installation can that knows them."""
    settings.OPSCOM_TOTALS_OTHERS = False
    settings.OPSCOM_TOTALS_EXPIRED = True


def points(attempt: SyncAttempt) -> reconcile.Points:
    return reconcile.evidence(attempt).points


def why(attempt: SyncAttempt) -> str:
    return " ".join(finding.why for finding in reconcile.evidence(attempt).findings)


class TestCounts:
    @pytest.mark.parametrize("applied", [True, False])
    def test_a_count_before_and_after_points_to_what_happened(
        self, sandbox: Sandbox, clock: Traveller, applied: bool
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=applied)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == (ARRIVED if applied else DID_NOT)

    @pytest.mark.parametrize("applied", [True, False])
    def test_our_certain_calls_are_taken_into_account(
        self, sandbox: Sandbox, clock: Traveller, applied: bool
    ) -> None:
        old = push(lasting("OLD 1"))
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        withdraw(old)
        make_call(old)
        push(lasting("NEW 1"))
        push(lasting("NEW 2"))
        doubt = lose_a_push(sandbox, applied=applied)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == (ARRIVED if applied else DID_NOT)

    def test_without_a_count_before_it_cannot_tell(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        doubt = lose_a_push(sandbox, applied=True)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == CANNOT_TELL
        assert "not counted before" in why(doubt)

    def test_a_count_while_it_may_still_take_effect_does_not_serve(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=False)
        pass_time(clock, minutes=4)
        count()
        assert points(doubt) == CANNOT_TELL
        assert "not counted since" in why(doubt)

    @pytest.mark.parametrize("others", [True, None])
    def test_where_others_may_be_counted_it_cannot_tell(
        self, sandbox: Sandbox, clock: Traveller, settings: Settings, others: bool | None
    ) -> None:
        settings.OPSCOM_TOTALS_OTHERS = others
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=False)
        sandbox.add_record(
            plate="X", start="2096-01-01T00:00:00", end="2096-01-02T00:00:00", zone="Lot 4"
        )
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == CANNOT_TELL

    def test_counts_that_contradict_the_stated_reading_prove_nothing(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        count()
        sandbox.add_record(
            plate="X", start="2096-01-01T00:00:00", end="2096-01-02T00:00:00", zone="Lot 1"
        )
        pass_time(clock, minutes=1)
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=True)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == CANNOT_TELL
        assert "risen by more than we pushed" in why(doubt)

    def test_a_controller_that_loses_records_leaves_a_count_that_did_not_rise_unsaid(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        other = push(lasting(zone=Zone.objects.create(name="Lot 1")))
        pass_time(clock, minutes=1)
        count()
        sandbox.lose_record(other.reference_id)
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=True)
        kept = push(lasting("KEPT 1"))
        sandbox.lose_record(kept.reference_id)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == CANNOT_TELL
        assert "has lost records before" in why(doubt)

    def test_two_in_doubt_of_which_one_arrived_cannot_be_told_apart(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubts = [lose_a_push(sandbox, applied=a, plate=f"P {a}") for a in (True, False)]
        pass_time(clock, minutes=10)
        count()
        assert [points(doubt) for doubt in doubts] == [CANNOT_TELL, CANNOT_TELL]

    @pytest.mark.parametrize("applied", [True, False])
    def test_two_in_doubt_with_one_fate_are_told(
        self, sandbox: Sandbox, clock: Traveller, applied: bool
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubts = [lose_a_push(sandbox, applied=applied, plate=f"P {n}") for n in (1, 2)]
        pass_time(clock, minutes=10)
        count()
        expected = ARRIVED if applied else DID_NOT
        assert [points(doubt) for doubt in doubts] == [expected, expected]

    @pytest.mark.parametrize("applied", [True, False])
    def test_an_older_doubt_that_has_settled_does_not_disturb(
        self, sandbox: Sandbox, clock: Traveller, applied: bool
    ) -> None:
        push(lasting())
        lose_a_push(sandbox, applied=not applied, plate="OLDER 1")
        pass_time(clock, minutes=30)
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=applied)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == (ARRIVED if applied else DID_NOT)

    @pytest.mark.parametrize("person_says", ["there", "not there"])
    @pytest.mark.parametrize("applied", [True, False])
    def test_what_a_person_decided_meanwhile_is_not_taken_for_certain(
        self, sandbox: Sandbox, clock: Traveller, applied: bool, person_says: str
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        other = lose_a_push(sandbox, applied=not applied, plate="OTHER 1")
        doubt = lose_a_push(sandbox, applied=applied)
        assert other.permit_id is not None
        if person_says == "there":
            sync.resolve_there(other.permit_id, reference_id="R-1", reason="Seen.", actor="boss")
        else:
            sync.resolve_not_there(other.permit_id, reason="Not seen.", actor="boss")
            assert sync.send(other.permit_id)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) in (CANNOT_TELL, ARRIVED if applied else DID_NOT)

    def test_a_zone_that_was_renamed_between_proves_nothing(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=True)
        sandbox.zones(rename="Lot 4", to="Lot IV")
        pass_time(clock, minutes=10)
        count()
        sandbox.zones(rename="Lot IV", to="Lot 4")
        assert points(doubt) == CANNOT_TELL

    @pytest.mark.parametrize("expired", [False, None])
    def test_a_push_whose_end_has_passed_cannot_be_seen_where_those_may_not_be_counted(
        self, sandbox: Sandbox, clock: Traveller, settings: Settings, expired: bool | None
    ) -> None:
        settings.OPSCOM_TOTALS_EXPIRED = expired
        sandbox.settings(counts_expired=False)
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        sandbox.fault("close", applied=True)
        doubt = send(ended())
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == CANNOT_TELL

    @pytest.mark.parametrize("counted", [True, False])
    @pytest.mark.parametrize("applied", [True, False])
    def test_where_nobody_states_whether_ended_ones_count_both_readings_must_agree(
        self,
        sandbox: Sandbox,
        clock: Traveller,
        settings: Settings,
        applied: bool,
        counted: bool,
    ) -> None:
        settings.OPSCOM_TOTALS_EXPIRED = None
        sandbox.settings(counts_expired=counted)
        push(ended())
        push(lasting())
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=applied)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == (ARRIVED if applied else DID_NOT)

    def test_a_push_without_a_zone_is_in_no_count(self, sandbox: Sandbox, clock: Traveller) -> None:
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=True, zone=None)
        pass_time(clock, minutes=10)
        count()
        assert points(doubt) == CANNOT_TELL


class TestRefusedAsExisting:
    """The same details are pushed once more, and the controller says it has them (9022)."""

    @pytest.fixture(autouse=True)
    def _duplicates_are_refused(self, sandbox: Sandbox) -> None:
        sandbox.settings(duplicates="refuse")

    def pushed_again(self, doubt: SyncAttempt) -> SyncAttempt:
        assert doubt.permit_id is not None
        sync.resolve_not_there(doubt.permit_id, reason="Not seen.", actor="boss")
        attempt = sync.send(doubt.permit_id)
        assert attempt is not None
        return attempt

    def test_it_points_to_arrival(self, sandbox: Sandbox) -> None:
        doubt = lose_a_push(sandbox, applied=True)
        assert self.pushed_again(doubt).error_code == 9022
        assert points(doubt) == ARRIVED

    def test_a_push_that_is_taken_points_nowhere(self, sandbox: Sandbox) -> None:
        doubt = lose_a_push(sandbox, applied=False)
        assert self.pushed_again(doubt).outcome == SyncAttempt.Outcome.SUCCEEDED
        assert points(doubt) == CANNOT_TELL

    def test_the_same_permit_entered_once_more_points_to_arrival(self, sandbox: Sandbox) -> None:
        doubt = lose_a_push(sandbox, applied=True)
        assert send(lasting("LOST 1")).error_code == 9022
        assert points(doubt) == ARRIVED

    def test_another_permit_of_the_plate_may_be_what_exists(self, sandbox: Sandbox) -> None:
        push(lasting("LOST 1"))
        sandbox.fault("close", applied=False)
        twin = lasting("LOST 1", ticket_number="T-100")
        doubt = send(twin)
        assert self.pushed_again(doubt).error_code == 9022
        assert points(doubt) == CANNOT_TELL

    @pytest.mark.parametrize("counted", [True, False, None])
    def test_without_a_ticket_number_it_may_be_anothers_counted_or_not(
        self, sandbox: Sandbox, settings: Settings, counted: bool | None
    ) -> None:
        settings.OPSCOM_TOTALS_OTHERS = counted
        doubt = lose_a_push(sandbox, applied=True, ticket_number="")
        assert self.pushed_again(doubt).error_code == 9022
        assert points(doubt) == CANNOT_TELL

    def test_other_details_refused_say_nothing(self, sandbox: Sandbox) -> None:
        doubt = lose_a_push(sandbox, applied=False)
        assert doubt.permit_id is not None
        again = Permit.objects.get(pk=doubt.permit_id)
        sync.resolve_not_there(doubt.permit_id, reason="Not seen.", actor="boss")
        edit(again, end_time=FAR - LENGTH / 2)
        sandbox.fault("error", code=9022)
        assert sync.send(again.pk)
        assert points(doubt) == CANNOT_TELL


def test_other_calls_of_the_plate_are_listed(sandbox: Sandbox) -> None:
    push(lasting("LOST-1"))
    doubt = lose_a_push(sandbox, applied=False)
    assert [call.operation for call in reconcile.evidence(doubt).other_calls] == ["push"]
