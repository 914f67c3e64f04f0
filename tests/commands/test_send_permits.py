"""`manage.py send_permits`: the worker's work, once, in the foreground."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from permits.models import Link, Permit, SyncAttempt
from permits.sync.claims import claim
from tests.engine.office import make_call, now, queued_for
from tests.portal import Portal
from tests.sandbox_server import Sandbox

State = Permit.State


def send_permits() -> str:
    """What the command prints."""
    out = StringIO()
    call_command("send_permits", stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("database")
class TestTheSummary:
    def test_where_nothing_is_due_it_says_so_and_is_content(self, sandbox: Sandbox) -> None:
        assert send_permits().splitlines() == [
            "Calls cut off by a crash: 0",
            "Done: 0",
            "Refused: 0",
            "Not sent: 0",
            "Unknown: 0",
            "Still queued: 0",
            "Unknown outcomes in all: 0",
        ]
        assert sandbox.requests() == []

    def test_everything_due_is_sent_and_counted(self, sandbox: Sandbox) -> None:
        permits = [queued_for(operation) for operation in ("push", "update", "delete")]
        assert "Done: 3\n" in send_permits()
        assert [now(permit).state for permit in permits] == [
            State.SYNCED, State.SYNCED, State.DELETED,
        ]  # fmt: skip

    def test_what_a_crash_cut_off_is_put_right_first(self, sandbox: Sandbox) -> None:
        push, update = queued_for("push"), queued_for("update")
        for permit in (push, update):
            assert claim(permit.pk) is not None
        SyncAttempt.objects.filter(outcome="sending").update(lease_until=timezone.now())
        said = send_permits()
        assert "Calls cut off by a crash: 2\n" in said
        assert "Unknown outcomes in all: 1\n" in said
        assert now(push).state == State.IN_DOUBT

    def test_after_a_pause_a_probe_that_succeeds_has_everything_sent(
        self, sandbox: Sandbox
    ) -> None:
        permit = queued_for("push")
        sandbox.fault("error", code=9001)
        make_call(permit)
        Link.objects.update(probe_at=timezone.now())
        assert "Done: 1\n" in send_permits()
        assert now(permit).state == State.SYNCED


@pytest.mark.usefixtures("database")
class TestFailures:
    @pytest.mark.parametrize(
        ("fault", "line"),
        [("error", "Refused: 1"), ("status", "Not sent: 1"), ("close", "Unknown: 1")],
    )
    def test_a_call_that_was_not_carried_out_is_a_failure(
        self, sandbox: Sandbox, fault: str, line: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        queued_for("push")
        queued_for("push")
        sandbox.fault(fault)
        with pytest.raises(CommandError, match="the sync history says why"):
            call_command("send_permits")
        said = capsys.readouterr().out
        assert line in said
        assert "Done: 1" in said

    def test_a_paused_queue_is_a_failure_and_the_reason_is_said(self, sandbox: Sandbox) -> None:
        permit = queued_for("push")
        sandbox.fault("error", code=9001, message="The API token is missing.")
        make_call(permit)
        with pytest.raises(CommandError, match=r"paused: .* refuses our configuration.*missing"):
            send_permits()
        assert len(sandbox.requests()) == 1


class TestTheShell:
    def test_it_ends_with_0_where_all_was_carried_out(
        self, portal: Portal, sandbox: Sandbox
    ) -> None:
        permit = queued_for("push")
        done = portal.manage("send_permits")
        assert "Done: 1\n" in done.stdout
        assert now(permit).state == State.SYNCED

    def test_it_ends_with_another_code_where_something_failed(
        self, portal: Portal, sandbox: Sandbox
    ) -> None:
        queued_for("push")
        sandbox.fault("error")
        done = portal.manage("send_permits", check=False)
        assert done.returncode == 1
        assert "CommandError: Not every call was carried out" in done.stderr
        assert "Traceback" not in done.stderr
