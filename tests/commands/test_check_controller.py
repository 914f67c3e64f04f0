"""`check_controller` says what each step saw, and fails where one fails."""

import os
import pty
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from permits.models import Permit, Validation
from tests.environment import ROOT
from tests.portal import Portal
from tests.sandbox_server import TOKEN, Sandbox


def test_it_ends_well_where_the_controller_answers(portal: Portal) -> None:
    done = portal.manage("check_controller")
    assert "ok  Counts: It counts permits in " in done.stdout
    assert TOKEN not in done.stdout


def test_it_fails_where_a_step_fails(portal: Portal, sandbox: Sandbox) -> None:
    sandbox.fault("error", code=9002, message="No.")
    done = portal.manage("check_controller", check=False)
    assert done.returncode == 1
    assert "FAILED  Counts: " in done.stdout
    assert "permit-create" in done.stdout
    assert "Failed: Counts." in done.stderr


class TestValidate:
    def test_against_the_sandbox_it_does_not_ask_and_prints_the_transcript(
        self, portal: Portal, sandbox: Sandbox
    ) -> None:
        done = portal.manage("check_controller", "--validate")
        assert "18. Delete it once more: it is gone: As it should" in done.stdout
        assert '"apiToken": "[token]"' in done.stdout
        assert TOKEN not in done.stdout
        assert sandbox.records("live") == []

    def test_a_real_controller_is_left_alone_where_nobody_can_be_asked(
        self, portal: Portal, sandbox: Sandbox
    ) -> None:
        done = portal.manage("check_controller", "--validate", check=False, **real(sandbox))
        assert done.returncode == 1
        assert "say --yes to validate against it" in done.stderr
        assert sandbox.requests("push") == []

    def test_with_yes_it_is_validated_without_a_question(
        self, portal: Portal, sandbox: Sandbox
    ) -> None:
        done = portal.manage("check_controller", "--validate", "--yes", check=True, **real(sandbox))
        assert "Nothing is left on the controller: As it should" in done.stdout

    @pytest.mark.parametrize("typed", ["n", "", "perhaps"])
    def test_whoever_does_not_say_yes_pushes_nothing(
        self, portal: Portal, sandbox: Sandbox, typed: str
    ) -> None:
        code, said = at_a_terminal(portal, sandbox, typed)
        assert code == 1
        assert f"test permits on {sandbox.url}? [y/N]" in said
        assert "Nothing was pushed." in said
        assert sandbox.requests("push") == []
        assert not Validation.objects.exists()

    def test_whoever_says_yes_has_it_validated(self, portal: Portal, sandbox: Sandbox) -> None:
        code, said = at_a_terminal(portal, sandbox, "y")
        assert code == 0, said
        assert Validation.objects.get().has_passed
        assert set(Permit.objects.values_list("state", flat=True)) == {Permit.State.DELETED}


@pytest.mark.usefixtures("database")
class TestHowTheRunEnds:
    def test_a_run_that_fails_fails_the_command(self, sandbox: Sandbox) -> None:
        sandbox.fault("error", operation="push", code=9022)
        printed, error = validate()
        assert "Push a permit: Failed" in printed
        assert "the transcript says where" in error

    def test_a_run_whose_delete_gets_no_answer_tries_again_and_leaves_nothing(
        self, sandbox: Sandbox
    ) -> None:
        # The first two deletes name records that are not there; the third is the permit's.
        sandbox.fault("error", operation="delete", code=9009)
        sandbox.fault("error", operation="delete", code=9008)
        sandbox.fault("close", operation="delete", applied=False)
        sandbox.fault("error", operation="delete", code=9009)
        printed, error = validate()
        assert error
        assert "Delete the permit: Failed" in printed
        assert left_of(printed) == "As it should"
        assert sandbox.records("live") == []

    def test_a_run_that_cannot_delete_says_what_it_left_and_the_portal_deletes_it_later(
        self, sandbox: Sandbox
    ) -> None:
        sandbox.fault("status", operation="delete", times=20, headers={"Retry-After": "1"})
        printed, error = validate()
        assert error
        (record,) = sandbox.records("live")
        assert f"{record['plate']} (Queued)" in left_of(printed)
        sandbox.control("DELETE", "/sandbox/faults")
        Permit.objects.filter(plate=record["plate"]).update(due_at=timezone.now())
        call_command("send_permits", stdout=StringIO())
        assert sandbox.records("live") == []
        assert Permit.objects.get(plate=record["plate"]).state == Permit.State.DELETED

    def test_a_run_whose_push_gets_no_answer_puts_it_to_a_person_and_tries_nothing_more(
        self, sandbox: Sandbox
    ) -> None:
        sandbox.fault("close", operation="push", applied=True)
        printed, error = validate()
        assert error
        (record,) = sandbox.records("live")
        assert f"{record['plate']} (Unknown outcome)" in left_of(printed)
        assert "Push without a plate: Not tried" in printed
        assert len(sandbox.requests("push")) == 1
        assert Permit.objects.get().state == Permit.State.IN_DOUBT

    def test_a_second_run_is_refused_while_one_is_under_way(self, sandbox: Sandbox) -> None:
        Validation.objects.create(address="x", client_code="x", time_zone="UTC")
        _, error = validate()
        assert "A run is under way already." in error


def validate() -> tuple[str, str]:
    """Validate the sandbox in this process; what is printed, and why the command fails."""
    printed = StringIO()
    try:
        call_command("check_controller", validate=True, stdout=printed)
    except CommandError as error:
        return printed.getvalue(), str(error)
    return printed.getvalue(), ""


def left_of(transcript: str) -> str:
    """What the transcript says of what is left on the controller."""
    return transcript.partition("Nothing is left on the controller: ")[2].removesuffix("\n")


def real(sandbox: Sandbox) -> dict[str, str]:
    """What makes the sandbox a real controller for the portal: an address that was configured."""
    return {"OPSCOM_URL": sandbox.url, "OPSCOM_CLIENT_CODE": "OC-TOMA", "OPSCOM_API_TOKEN": TOKEN}


def at_a_terminal(portal: Portal, sandbox: Sandbox, typed: str) -> tuple[int, str]:
    """Validate the real controller at a terminal, and answer its question; what it ended with."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{typed}\n".encode())
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", "check_controller", "--validate"],
            cwd=ROOT,
            env={**os.environ, **portal.variables, **real(sandbox)},
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return done.returncode, done.stdout + done.stderr
