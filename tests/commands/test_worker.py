"""`manage.py worker`: sends what is due in the background, and ends politely."""

import os
import signal
from datetime import UTC, datetime

import psutil
import pytest
from django.utils import timezone

from permits import tasks
from permits.management.commands.worker import NICE
from permits.models import Link, Permit, SyncAttempt
from permits.sync.claims import claim
from tests.engine.office import edit, enter, now, push, queued_for
from tests.portal import Portal, Worker
from tests.processes import wait_until
from tests.sandbox_server import TOKEN, Sandbox

State = Permit.State


@pytest.fixture
def idle(portal: Portal) -> Worker:
    """A worker that the test starts."""
    return Worker(portal)


def is_at_work(worker: Worker) -> bool:
    """Whether it has said that it works."""
    return "Working with" in worker.words()


def are(state: State, *permits: Permit) -> bool:
    """Whether all these permits are in the state."""
    keys = [permit.pk for permit in permits]
    return Permit.objects.filter(pk__in=keys, state=state).count() == len(keys)


def is_quiet_and_paused() -> bool:
    """Whether the queue is paused, and the calls made before that have ended."""
    under_way = SyncAttempt.objects.filter(outcome="sending")
    return Link.objects.paused().exists() and not under_way.exists()


def tick(portal: Portal) -> None:
    """Bring about the sweep of the next minute, without waiting for the minute."""
    portal.manage("shell", "--command", "from permits.tasks import sweep; sweep()")


class TestAtItsStart:
    def test_it_sends_what_was_queued_while_none_ran(
        self, portal: Portal, idle: Worker, sandbox: Sandbox
    ) -> None:
        permits = [queued_for("push"), queued_for("update")]
        idle.start()
        wait_until(lambda: are(State.SYNCED, *permits))
        assert idle.stop() == 0
        assert len(sandbox.requests("push")) == 2

    def test_it_puts_right_what_a_crash_cut_off(self, portal: Portal, idle: Worker) -> None:
        pushed, deleted = queued_for("push"), queued_for("delete")
        for permit in (pushed, deleted):
            assert claim(permit.pk) is not None
        SyncAttempt.objects.filter(outcome="sending").update(lease_until=timezone.now())
        idle.start()
        wait_until(lambda: are(State.IN_DOUBT, pushed) and are(State.DELETED, deleted))
        assert idle.stop() == 0

    def test_it_leaves_alone_what_may_still_be_under_way(
        self, portal: Portal, idle: Worker, sandbox: Sandbox
    ) -> None:
        permit = queued_for("push")
        assert claim(permit.pk) is not None
        idle.start()
        wait_until(lambda: is_at_work(idle))
        assert idle.stop() == 0
        assert now(permit).state == State.SENDING
        assert sandbox.requests() == []


class TestAtWork:
    def test_its_sweep_finds_what_an_outside_tool_has_queued(
        self, portal: Portal, worker: Worker, sandbox: Sandbox
    ) -> None:
        draft, changed = enter(), push()
        edit(changed, plate="XYZ 9")
        wait_until(lambda: is_at_work(worker))
        Permit.objects.update(state=State.QUEUED)
        tick(portal)
        wait_until(lambda: are(State.SYNCED, draft, changed))
        assert len(sandbox.requests("push")) == 2
        assert len(sandbox.requests("update")) == 1

    def test_it_retries_by_itself_when_the_time_has_come(
        self, portal: Portal, idle: Worker, sandbox: Sandbox
    ) -> None:
        permit = queued_for("push")
        sandbox.fault("status")
        idle.start()
        wait_until(lambda: are(State.SYNCED, permit), seconds=40)
        assert idle.stop() == 0
        assert list(permit.attempts.values_list("outcome", flat=True)) == ["succeeded", "not_sent"]

    def test_it_probes_a_paused_queue_and_goes_on(
        self, portal: Portal, idle: Worker, sandbox: Sandbox
    ) -> None:
        permit = queued_for("push")
        sandbox.settings(token="another-token")
        idle.start()
        wait_until(is_quiet_and_paused, seconds=60)
        sandbox.settings(token=TOKEN)
        wait_until(lambda: are(State.SYNCED, permit), seconds=60)
        assert idle.stop() == 0
        assert sandbox.requests("stats")
        assert not Link.objects.paused().exists()

    def test_it_lets_pages_come_first(self, worker: Worker) -> None:
        wait_until(lambda: is_at_work(worker))
        mine, its = (psutil.Process(pid).nice() for pid in (os.getpid(), worker.process.pid))
        assert its == min(mine + NICE, 19), "19 is the most that Linux knows"

    @pytest.mark.parametrize(
        ("time", "more"),
        [
            ((0, 10), {"seal"}),
            ((3, 17), {"verify_nightly"}),
            ((8, 1), set()),
            ((12, 17), set()),
            ((23, 50), {"seal"}),
        ],
    )
    def test_each_minute_has_its_tasks(self, time: tuple[int, int], more: set[str]) -> None:
        moment = datetime(2026, 11, 23, *time, tzinfo=UTC).replace(tzinfo=None)
        due = [type(task).__name__ for task in tasks.queue.read_periodic(moment)]
        assert sorted(due) == sorted({"count", "sweep", "tell"} | more)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
class TestItsEnd:
    def test_it_finishes_the_calls_under_way_and_begins_no_other(
        self, portal: Portal, idle: Worker, sandbox: Sandbox, how: signal.Signals
    ) -> None:
        permits = [queued_for("push") for _ in range(10)]
        sandbox.settings(delay=5)  # on a busy machine the signal may take a while
        idle.start(OPSCOM_CONNECTIONS="2", OPSCOM_READ_TIMEOUT="20", OPSCOM_DEADLINE="20")
        wait_until(lambda: len(sandbox.requests()) == 2)
        assert idle.process.stop(how) == 0
        assert len(sandbox.requests()) == 2, "no other call was begun"
        states = [now(permit).state for permit in permits]
        assert states.count(State.SYNCED) == 2, "and both were recorded"
        assert states.count(State.QUEUED) == 8
        assert not SyncAttempt.objects.filter(outcome="sending").exists()

    def test_one_that_has_nothing_to_do_ends_at_once(
        self, portal: Portal, worker: Worker, how: signal.Signals
    ) -> None:
        wait_until(lambda: is_at_work(worker))
        assert worker.process.stop(how) == 0
        assert "Traceback" not in worker.words()
