"""A sandbox with a ledger file forgets nothing that it has acknowledged."""

import json
import os
import resource
import threading
import time
from pathlib import Path

import pytest

from tests.sandbox.calls import Wire, ask, http, permit, push, wait_for_requests
from tests.sandbox_server import TOKEN, Sandbox


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def test_it_comes_back_after_a_sigkill_as_it_was(path: Path) -> None:
    with Sandbox(ledger=path, zones="Lot 4,Pier") as sandbox:
        first, second, third = (push(sandbox) for _ in range(3))
        sandbox.call("update", {"referenceid": first, "plate": "NEW", "endTime": "x"})
        sandbox.call("update", {"referenceid": first, "plate": "NEW", "amount": "2.00"})
        sandbox.call("delete", {"referenceid": second})
        sandbox.lose_record(third)
        sandbox.add_record(plate="F", start="2026-11-23T09:00:00", end="2026-11-23T11:00:00")
        sandbox.zones(rename="Lot 4", to="Lot 4A")
        sandbox.zones(add="Lot 9")
        sandbox.fault("no_reference", applied=False)
        sandbox.call("push", permit(plate="GHOST"))
        push(sandbox, zone="Lot 9")
        before, totals = sandbox.ledger(), sandbox.call("stats")
        port = sandbox.port
        assert sandbox.kill() < 0
        sandbox.restart()
        assert sandbox.port == port
        after = sandbox.ledger()
        assert after["requests"].pop()["operation"] == "stats"
        assert after == before | {"last": before["last"] + 1}
        assert sandbox.call("stats") == totals


def test_a_duplicate_is_still_known_after_a_restart(path: Path) -> None:
    with Sandbox(ledger=path, duplicates="refuse") as sandbox:
        push(sandbox)
        sandbox.restart()
        assert sandbox.call("push", permit())["ErrorCode"] == 9022


def test_what_was_acknowledged_before_a_kill_at_any_moment_is_there(path: Path) -> None:
    with Sandbox(ledger=path) as sandbox:
        acknowledged: list[str] = []

        def push_until_killed() -> None:
            with Wire(sandbox) as wire:
                while True:
                    try:
                        wire.send(http())
                        body = wire.answer()[2]
                    except (OSError, AssertionError):
                        return
                    acknowledged.append(json.loads(body)["reference_id"])

        clients = [threading.Thread(target=push_until_killed) for _ in range(4)]
        for client in clients:
            client.start()
        deadline = time.monotonic() + 10
        while len(acknowledged) < 100:
            assert time.monotonic() < deadline
        sandbox.kill()
        for client in clients:
            client.join()
        sandbox.restart()
        held = {record["reference"] for record in sandbox.records()}
        assert held >= set(acknowledged)
        assert len(held) <= len(acknowledged) + len(clients)


def test_an_effect_is_kept_though_its_answer_never_left(path: Path) -> None:
    with Sandbox(ledger=path) as sandbox:
        sandbox.fault("silence")
        with Wire(sandbox) as wire:
            wire.send(http())
            wait_for_requests(sandbox, 1)
            sandbox.kill()
        sandbox.restart()
        assert [record["plate"] for record in sandbox.records("live")] == ["ABC 123"]


def test_a_half_written_last_line_is_cut_off_and_said(path: Path) -> None:
    with Sandbox(ledger=path) as sandbox:
        first = push(sandbox)
        push(sandbox)
        sandbox.kill()
        os.truncate(path, path.stat().st_size - 20)
        sandbox.restart()
        assert [record["reference"] for record in sandbox.records()] == [first]
        third = push(sandbox)
        sandbox.restart()
        assert [record["reference"] for record in sandbox.records()] == [first, third]
    assert sandbox.complaints.count("ended in a half-written line") == 1


def test_other_zones_on_the_command_line_replace_those_it_had(path: Path) -> None:
    with Sandbox(ledger=path, zones="Lot 1,Lot 4") as sandbox:
        push(sandbox)
    with Sandbox(ledger=path, zones="Lot 1,Pier") as sandbox:
        assert sandbox.ledger()["zones"] == ["Lot 1", "Pier"]
        assert [record["disconnected"] for record in sandbox.records()] == [True]


def test_a_reset_empties_the_file(path: Path) -> None:
    with Sandbox(ledger=path) as sandbox:
        push(sandbox)
        sandbox.reset()
        sandbox.kill()
        sandbox.restart()
        assert sandbox.records() == sandbox.requests() == []


def test_the_file_holds_no_token_and_is_the_owners_alone(path: Path) -> None:
    with Sandbox(ledger=path) as sandbox:
        sandbox.fault("echo_token")
        sandbox.call("push", permit())
    assert TOKEN not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "content",
    [b"my notes", b"my notes\n", b'{"a": 1}\n', b"[]\n", b'{"number":1}\n', b'{"number":1\n'],
)
def test_a_file_that_is_no_ledger_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match="ledger"):
        Sandbox(ledger=path)
    assert path.read_bytes() == content


def test_two_sandboxes_cannot_share_a_file(path: Path) -> None:
    with Sandbox(ledger=path), pytest.raises(RuntimeError, match="held by another sandbox"):
        Sandbox(ledger=path)


def test_a_file_that_cannot_be_opened_is_said(path: Path) -> None:
    with pytest.raises(RuntimeError, match="cannot be opened"):
        Sandbox(ledger=path / "deeper")


@pytest.mark.parametrize("device", ["/dev/full", "/dev/null"])
def test_a_device_is_no_ledger(device: str) -> None:
    with pytest.raises(RuntimeError, match="no regular file"):
        Sandbox(ledger=Path(device))


def test_a_call_that_a_full_disk_cannot_keep_has_no_effect(path: Path) -> None:
    with Sandbox(ledger=path) as sandbox:
        first = push(sandbox)
        unlimited = resource.prlimit(sandbox.pid, resource.RLIMIT_FSIZE)
        whole = path.read_bytes()
        resource.prlimit(sandbox.pid, resource.RLIMIT_FSIZE, (len(whole) + 50, unlimited[1]))
        assert ask(sandbox, http())[0] == 500
        assert [record["reference"] for record in sandbox.records()] == [first]
        assert path.read_bytes() == whole
        resource.prlimit(sandbox.pid, resource.RLIMIT_FSIZE, unlimited)
        second = push(sandbox)
        sandbox.restart()
        assert [record["reference"] for record in sandbox.records()] == [first, second]
    assert "cannot be written" in sandbox.complaints
