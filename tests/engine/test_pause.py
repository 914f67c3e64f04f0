"""The link: paused when calls are of no use, probed one at a time, and resumed."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings
from time_machine import Traveller

from permits import sync
from permits.controller import Totals
from permits.models import Link, Permit, Source, SyncAttempt
from permits.sync import link
from tests.endings import CONFIGURATION, Ending
from tests.engine.conftest import Meet
from tests.engine.gate import Gate
from tests.engine.office import make_call, now, queued_for
from tests.raw_server import http
from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.usefixtures("clock")

State = Permit.State
Pause = Link.Pause
PROBES = [5, 10, 20, 40, 60, 60]  # seconds before each


def drain() -> int:
    """How many calls a drain makes for permits."""
    return sync.drain(go_on=lambda: True).total()


def fail_to_death(sandbox: Sandbox, times: int = 5) -> list[Permit]:
    """Let so many calls in a row fail, each for a permit of its own."""
    permits = [queued_for("push") for _ in range(times)]
    sandbox.fault("status", times=times)
    for permit in permits:
        make_call(permit)
    return permits


class TestPausing:
    @pytest.mark.parametrize(
        "ending", [e for e in CONFIGURATION if "under 4" not in e.name], ids=str
    )
    def test_a_refused_configuration_pauses_at_once_and_says_why(
        self, sandbox: Sandbox, meet: Meet, ending: Ending
    ) -> None:
        permit, other = queued_for("push"), queued_for("push")
        meet(ending)
        attempt = make_call(permit)
        current = Link.current()
        assert current.pause == Pause.CONFIGURATION
        assert current.detail == attempt.error_message != ""
        assert current.paused_at == timezone.now()
        before = len(sandbox.requests())
        assert drain() == 0
        assert len(sandbox.requests()) == before
        assert {now(each).state for each in (permit, other)} == {State.QUEUED}

    def test_the_fifth_failure_in_a_row_pauses(self, sandbox: Sandbox) -> None:
        fail_to_death(sandbox, 4)
        assert not Link.current().is_paused
        fail_to_death(sandbox, 1)
        current = Link.current()
        assert (current.pause, current.paused_at) == (Pause.UNREACHABLE, timezone.now())
        assert "HTTP 503" in current.detail

    @pytest.mark.parametrize("fault", ["close", "html", "status"])
    def test_any_answer_that_cannot_be_used_counts(self, sandbox: Sandbox, fault: str) -> None:
        for _ in range(5):
            permit = queued_for("push")
            sandbox.fault(fault)
            make_call(permit)
        assert Link.current().pause == Pause.UNREACHABLE

    @pytest.mark.parametrize("fault", [None, "error"])
    def test_a_usable_answer_in_between_counts_anew(
        self, sandbox: Sandbox, fault: str | None
    ) -> None:
        fail_to_death(sandbox, 4)
        if fault:
            sandbox.fault(fault)
        make_call(queued_for("push"))
        fail_to_death(sandbox, 4)
        assert not Link.current().is_paused

    def test_a_permit_that_is_refused_pauses_nothing(self, sandbox: Sandbox) -> None:
        sandbox.fault("error", times=20)
        for _ in range(6):
            make_call(queued_for("push"))
        assert not Link.current().is_paused

    def test_calls_that_fail_together_put_the_probe_off_only_once(self, gate: Gate) -> None:
        gate.answer = http(b"", status="503 Busy")
        with ExitStack() as together:
            for _ in range(8):
                together.enter_context(gate.sending(queued_for("push")))
        current = Link.current()
        assert (current.pause, current.probes) == (Pause.UNREACHABLE, 1)
        assert current.probe_at == timezone.now() + timedelta(seconds=5)


class TestProbing:
    def test_a_probe_asks_for_counts_and_for_nothing_else(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        fail_to_death(sandbox)
        sandbox.fault("status", operation="stats")
        clock.shift(timedelta(seconds=5))
        before = len(sandbox.requests())
        assert drain() == 0
        assert [each["operation"] for each in sandbox.requests()[before:]] == ["stats"]

    def test_each_failed_probe_waits_longer_up_to_a_minute(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        fail_to_death(sandbox)
        sandbox.fault("status", operation="stats", times=100)
        for number, seconds in enumerate(PROBES):
            assert Link.current().probe_at == timezone.now() + timedelta(seconds=seconds)
            clock.shift(timedelta(seconds=seconds) - timedelta(milliseconds=1))
            assert not sync.probe()
            assert len(sandbox.requests("stats")) == number
            clock.shift(timedelta(milliseconds=1))
            assert not sync.probe()
            assert len(sandbox.requests("stats")) == number + 1

    def test_the_probe_that_succeeds_resumes_and_what_waits_is_sent(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        permits = fail_to_death(sandbox)
        Permit.objects.update(due_at=timezone.now())
        clock.shift(timedelta(seconds=5))
        assert drain() == 5
        assert not Link.current().is_paused
        assert {now(permit).state for permit in permits} == {State.SYNCED}
        assert len(sandbox.requests("stats")) == 1

    def test_the_probe_is_written_down_as_the_schedules(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        fail_to_death(sandbox)
        clock.shift(timedelta(seconds=5))
        assert sync.probe()
        attempt = SyncAttempt.objects.get(operation="stats")
        assert (attempt.source, attempt.actor) == (Source.SCHEDULE, "")
        assert (attempt.outcome, attempt.permit) == ("succeeded", None)

    def test_only_one_probes_at_a_time(self, sandbox: Sandbox) -> None:
        fail_to_death(sandbox)
        assert link.begin_probe(scheduled=False)
        assert not link.begin_probe(scheduled=False)
        assert not link.begin_probe(scheduled=True)

    def test_a_probe_that_was_cut_off_holds_up_the_next_only_for_its_lease(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        fail_to_death(sandbox)
        assert link.begin_probe(scheduled=False)
        lease = link.lease(timezone.now())
        clock.move_to(lease - timedelta(milliseconds=1))
        assert not sync.probe()
        clock.move_to(lease)
        assert sync.probe()

    def test_counts_that_a_person_fetches_are_a_probe_too(self, sandbox: Sandbox) -> None:
        fail_to_death(sandbox)
        assert isinstance(sync.pull_counts(actor="clerk", source=Source.SHELL), Totals)
        assert not Link.current().is_paused

    def test_while_nothing_is_paused_no_probe_is_made(self, sandbox: Sandbox) -> None:
        assert sync.probe()
        assert not link.begin_probe(scheduled=False)
        assert sandbox.requests() == []


class TestAPersonsOwnCall:
    def test_it_goes_through_a_pause_and_its_success_resumes(self, sandbox: Sandbox) -> None:
        fail_to_death(sandbox)
        permit = queued_for("push")
        assert make_call(permit).outcome == "succeeded"
        assert not Link.current().is_paused

    def test_a_refusal_of_its_permit_resumes_too(self, sandbox: Sandbox) -> None:
        fail_to_death(sandbox)
        permit = queued_for("push")
        sandbox.fault("error")
        assert make_call(permit).outcome == "rejected"
        assert not Link.current().is_paused

    @pytest.mark.parametrize("fault", ["status", "close", "html"])
    def test_its_failure_keeps_the_pause_and_its_reason(self, sandbox: Sandbox, fault: str) -> None:
        sandbox.fault("error", code=9001, message="no token")
        make_call(queued_for("push"))
        sandbox.fault(fault)
        make_call(queued_for("push"))
        assert Link.current().pause == Pause.CONFIGURATION
        assert Link.current().probing_until is None

    def test_while_someone_probes_it_stays_queued(self, sandbox: Sandbox) -> None:
        fail_to_death(sandbox)
        assert link.begin_probe(scheduled=False)
        permit = queued_for("push")
        before = len(sandbox.requests())
        assert sync.send(permit.pk) is None
        assert now(permit).state == State.QUEUED
        assert len(sandbox.requests()) == before

    def test_where_nothing_is_due_it_leaves_the_probe_to_others(
        self, sandbox: Sandbox, clock: Traveller
    ) -> None:
        fail_to_death(sandbox)
        permit = Permit.objects.latest("pk")
        clock.shift(timedelta(seconds=1))
        assert sync.send(permit.pk) is None, "its retry is not due yet"
        assert link.begin_probe(scheduled=False)


class TestResuming:
    def test_a_person_resumes_at_once(self, sandbox: Sandbox) -> None:
        permits = fail_to_death(sandbox)
        Permit.objects.update(due_at=timezone.now())
        sync.resume("supervisor")
        current = Link.current()
        assert (current.pause, current.detail, current.probes) == (Pause.NONE, "", 0)
        assert drain() == len(permits)

    def test_after_it_the_failures_count_anew(self, sandbox: Sandbox) -> None:
        fail_to_death(sandbox)
        sync.resume("supervisor")
        fail_to_death(sandbox, 4)
        assert not Link.current().is_paused

    def test_an_answer_to_a_call_made_before_the_pause_does_not_resume(
        self, gate: Gate, sandbox: Sandbox, settings: Settings
    ) -> None:
        permit, other = queued_for("push"), queued_for("push")
        with gate.sending(permit):
            settings.OPSCOM_URL = sandbox.url
            sandbox.fault("error", code=9001)
            make_call(other)
        assert permit.state == State.SYNCED
        assert Link.current().is_paused
