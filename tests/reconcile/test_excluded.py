"""What else may have moved a count, or been refused as existing, keeps the evidence silent."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import reconcile, sync
from permits.models import Permit, SyncAttempt, Zone
from tests.engine.office import edit, enter, make_call, push, send, withdraw
from tests.reconcile.office import FAR, LENGTH, count, lasting, lose_a_push, pass_time, standing
from tests.sandbox_server import Sandbox

ARRIVED = reconcile.Points.ARRIVED
CANNOT_TELL = reconcile.Points.CANNOT_TELL


@pytest.fixture(autouse=True)
def _only_ours_are_counted(settings: Settings) -> None:
    """State both readings, as an installation can that knows them."""
    settings.OPSCOM_TOTALS_OTHERS = False
    settings.OPSCOM_TOTALS_EXPIRED = True


@pytest.fixture
def counted(sandbox: Sandbox, clock: Traveller) -> None:
    """A permit stands in Lot 4, and the zones were counted a minute ago."""
    push(lasting())
    pass_time(clock, minutes=1)
    count()
    pass_time(clock, minutes=1)


def silent(attempt: SyncAttempt, why: str) -> bool:
    """Whether the evidence points nowhere, and gives this reason."""
    found = reconcile.evidence(attempt)
    assert found.points == CANNOT_TELL
    return why in " ".join(finding.why for finding in found.findings)


def permit_of(attempt: SyncAttempt) -> Permit:
    assert attempt.permit is not None
    return attempt.permit


def just_before(statement: str, do: Callable[[], object]) -> Any:
    """Have something happen once, as a statement that holds this is about to be executed."""
    done: list[object] = []

    def watch(execute: Any, sql: str, *rest: Any) -> Any:
        if statement in sql and not done:
            done.append(None)
            do()
        return execute(sql, *rest)

    return connection.execute_wrapper(watch)


class TestTime:
    def test_a_call_that_waited_for_a_connection_settles_later(
        self, sandbox: Sandbox, clock: Traveller, counted: None
    ) -> None:
        claimed = "INSERT INTO permits_syncattempt"
        with just_before(claimed, lambda: pass_time(clock, minutes=3)):
            doubt = lose_a_push(sandbox, applied=True)
        assert timezone.now() - doubt.started_at == timedelta(minutes=3)
        doubt.refresh_from_db()
        pass_time(clock, minutes=4)
        count()
        assert silent(doubt, "not counted since")
        pass_time(clock, minutes=2)
        count()
        assert reconcile.evidence(doubt).points == ARRIVED

    def test_a_call_that_ended_seconds_before_by_another_machines_clock_may_be_counted_or_not(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        push(lasting())
        pass_time(clock, seconds=4)
        count()
        assert (standing().low, standing().high) == (0, 1)

    @pytest.mark.parametrize("person_says", ["there", "not there"])
    def test_a_doubt_that_is_decided_while_we_count_stays_in_the_band(
        self, sandbox: Sandbox, clock: Traveller, person_says: str
    ) -> None:
        older = permit_of(lose_a_push(sandbox, applied=True, plate="OLDER 1"))
        pass_time(clock, hours=1)

        def decide() -> None:
            if person_says == "there":
                sync.resolve_there(older.pk, reference_id="R-1", reason="Seen.", actor="boss")
            else:
                sync.resolve_not_there(older.pk, reason="Not seen.", actor="boss")

        with just_before('AS "held_valid"', decide):
            count()
        assert older.decisions.exists()
        assert standing().low <= 1 <= standing().high
        assert standing().both.all.doubts == {older.attempts.get().pk}


@pytest.mark.usefixtures("counted")
class TestZones:
    def test_two_that_change_names_prove_nothing(self, sandbox: Sandbox, clock: Traveller) -> None:
        elsewhere = Zone.objects.get(name="Lot 1")
        for number in (1, 2):
            push(lasting(f"P {number}", zone=elsewhere))
        pass_time(clock, minutes=1)
        count()
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=False)
        names = {"Lot 4": "Lot X", "Lot 1": "Lot 4", "Lot X": "Lot 1"}
        for name, to in names.items():
            sandbox.zones(rename=name, to=to)
        pass_time(clock, minutes=10)
        count()
        for name, to in reversed(names.items()):
            sandbox.zones(rename=to, to=name)
        assert standing("Lot 4").total == 2
        assert silent(doubt, "records may have moved between zones")

    def test_one_out_of_step_before_proves_nothing(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        kept = push(lasting("KEPT 1"))
        sandbox.lose_record(kept.reference_id)
        pass_time(clock, minutes=1)
        count()
        assert standing().gap == -1
        pass_time(clock, minutes=1)
        doubt = lose_a_push(sandbox, applied=True)
        pass_time(clock, minutes=10)
        count()
        assert silent(doubt, "out of step before the call")


@pytest.mark.usefixtures("counted")
class TestDecisions:
    def test_one_decided_before_the_second_count_is_not_seen_in_it(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        doubt = lose_a_push(sandbox, applied=True)
        sync.resolve_there(permit_of(doubt).pk, reference_id="R-1", reason="Seen.", actor="boss")
        pass_time(clock, minutes=10)
        count()
        assert silent(doubt, "decided before the zones were counted again")

    def test_a_delete_by_a_reference_that_a_person_entered_may_have_hit_another_zone(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        """The person took one lost permit's record for another's."""
        lose_a_push(sandbox, applied=True, plate="LOST 8", zone=Zone.objects.get(name="Lot 1"))
        mistaken = permit_of(lose_a_push(sandbox, applied=True, plate="LOST 9"))
        found = {record["plate"]: record["reference"] for record in sandbox.records("live")}
        sync.resolve_there(mistaken.pk, reference_id=found["LOST 8"], reason="Seen.", actor="boss")
        pass_time(clock, minutes=10)
        count()
        pass_time(clock, minutes=1)
        withdraw(mistaken)
        make_call(mistaken)
        doubt = lose_a_push(sandbox, applied=False)
        pass_time(clock, minutes=10)
        count()
        assert silent(doubt, "uncertain too")

    def test_an_earlier_push_of_the_permit_may_have_arrived_where_this_did_not(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        permit = permit_of(lose_a_push(sandbox, applied=False))
        sync.resolve_not_there(permit.pk, reason="Not seen.", actor="boss")
        pass_time(clock, minutes=10)
        count()
        pass_time(clock, minutes=1)
        sandbox.fault("close", applied=False)
        again = make_call(permit)
        pass_time(clock, minutes=10)
        count()
        assert silent(again, "that push may have arrived")


class TestRefusals:
    """The same details are pushed once more, and refused as existing (9022)."""

    @pytest.fixture(autouse=True)
    def _duplicates_are_refused(self, sandbox: Sandbox) -> None:
        sandbox.settings(duplicates="refuse")

    def again(self, attempt: SyncAttempt) -> SyncAttempt:
        sync.resolve_not_there(permit_of(attempt).pk, reason="Not seen.", actor="boss")
        return make_call(permit_of(attempt))

    def test_by_another_controller_it_says_nothing(
        self, sandbox: Sandbox, settings: Settings
    ) -> None:
        doubt = lose_a_push(sandbox, applied=False)
        settings.OPSCOM_CLIENT_CODE = "OC-OTHER"
        sandbox.fault("error", code=9022)
        assert self.again(doubt).error_code == 9022
        assert [finding.points for finding in reconcile.evidence(doubt).findings] == [CANNOT_TELL]

    def test_of_two_pushes_of_the_permit_nothing_shows_which_arrived(
        self, sandbox: Sandbox
    ) -> None:
        first = lose_a_push(sandbox, applied=True)
        sandbox.fault("close", applied=False)
        second = self.again(first)
        assert self.again(second).error_code == 9022
        assert silent(first, "one of this permit's pushes arrived")
        assert silent(second, "one of this permit's pushes arrived")

    def test_another_permit_of_the_ticket_number_may_be_what_exists(self, sandbox: Sandbox) -> None:
        push(lasting("OTHER 1", ticket_number="T-7"))
        doubt = lose_a_push(sandbox, applied=False, ticket_number="T-7")
        sandbox.fault("error", code=9022)
        self.again(doubt)
        assert silent(doubt, "another permit")

    def test_one_whose_end_was_changed_since_may_be_what_exists(self, sandbox: Sandbox) -> None:
        start = FAR - timedelta(days=2)
        other = push(enter(plate="LOST 1", ticket_number="T-8", start_time=start, end_time=FAR))
        doubt = lose_a_push(sandbox, applied=False, ticket_number="T-7")
        sandbox.fault("error", code=9022)
        self.again(doubt)
        edit(other, end_time=start + LENGTH)
        assert send(other).outcome == SyncAttempt.Outcome.SUCCEEDED
        assert silent(doubt, "another permit")
