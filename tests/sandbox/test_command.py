"""How the sandbox is started and stopped."""

import signal
import socket
import subprocess
import sys

import pytest

from tests.sandbox.calls import Wire, http, permit, push, wait_for_requests
from tests.sandbox_server import ROOT, Sandbox


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """The command, for as long as it takes to fail."""
    return subprocess.run(
        [sys.executable, "-m", "permits.sandbox", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def test_a_port_in_use_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1 port {port}: " in ended.stderr
    assert "--port" in ended.stderr


def test_an_address_that_is_not_ours_is_said_in_one_line() -> None:
    ended = run("--host", "192.0.2.1", "--port", "0")
    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    "options", [["--port", "x"], ["--port", "70000"], ["--duplicates", "maybe"], ["--speed", "1"]]
)
def test_a_mistake_in_the_options_ends_with_2(options: list[str]) -> None:
    assert run(*options).returncode == 2


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_with_connections_open(how: signal.Signals) -> None:
    with Sandbox() as sandbox:
        sandbox.fault("silence", operation="delete")
        sandbox.fault("drip", operation="push")
        with Wire(sandbox) as idle, Wire(sandbox) as silent, Wire(sandbox) as dripping:
            idle.send(http(path="/api/OC-TOMA/v1/permits/stats"))
            idle.answer()
            silent.send(http(path="/api/OC-TOMA/v1/permits/delete"))
            dripping.send(http())
            wait_for_requests(sandbox, 3)
            assert sandbox.stop(how) == 0
        assert sandbox.complaints == ""


def test_it_is_what_its_options_say() -> None:
    with Sandbox(client_code="OC-X", token="t-1", zones=" A ,B,,A", duplicates="refuse") as sandbox:
        assert sandbox.ledger()["zones"] == ["A", "B"]
        assert push(sandbox)
        assert sandbox.call("push", permit())["ErrorCode"] == 9022
        assert sandbox.requests()[0]["client_code"] == "OC-X"


def test_its_own_zones_are_many_and_lot_4_is_among_them() -> None:
    with Sandbox() as sandbox:
        zones = sandbox.ledger()["zones"]
        assert len(zones) > 10
        assert "Lot 4" in zones


def test_it_listens_on_this_machine_only() -> None:
    with Sandbox() as sandbox, pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", sandbox.port), timeout=5)


def test_it_listens_where_it_is_told_to() -> None:
    ended = subprocess.Popen(
        [sys.executable, "-m", "permits.sandbox", "--host", "::1", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert ended.stdout is not None
    with ended.stdout as output:
        assert "http://[::1]:" in output.readline()
        ended.terminate()
    assert ended.wait(timeout=10) == 0
