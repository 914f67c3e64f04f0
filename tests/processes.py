"""Programs that tests start, kill and wait for."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from tests import environment

T = TypeVar("T")


class Process:
    """A Python program in a process group of its own, its words kept in a log.

    It does not outlive the tests, however they end.
    """

    def __init__(self, name: str, *command: str) -> None:
        self.name = name
        self.log: Path = environment.SCRATCH / f"{name}.log"
        self.log.touch()
        self._command = command
        self._begin = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process's number, and its group's."""
        assert self._process is not None, f"{self.name} was not started."
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, variables: dict[str, str]) -> None:
        """Start it with these variables of the environment besides the tests' own."""
        assert not self.is_running, f"{self.name} runs already."
        tied_to_the_tests = [sys.executable, "-m", "tools.tied", str(os.getpid())]
        with self.log.open("ab") as log:
            self._begin = log.tell()
            self._process = subprocess.Popen(
                [*tied_to_the_tests, sys.executable, *self._command],
                cwd=environment.ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it politely; its exit code."""
        return self._end(how)

    def kill(self) -> int:
        """End it and all that it started at once, as a power cut would; its exit code."""
        return self._end(signal.SIGKILL)

    def forget_words(self) -> None:
        """Have `words` begin with what it says from now on."""
        self._begin = self.log.stat().st_size

    def words(self) -> str:
        """What it has said since it was last started, or since what was before is forgotten."""
        return self.words_after(self._begin)

    def words_after(self, length: int) -> str:
        """What it has said after so many bytes of its log."""
        return self.log.read_bytes()[length:].decode(errors="replace")

    def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self.is_running:
            self._process.send_signal(how)
        try:
            code = self._process.wait(timeout=30)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        return code


def free_port() -> int:
    """A port of the loopback that nobody listens on, kept for whoever names it.

    It stays bound until this process ends, but nobody listens by that. Servers that share the
    address, as all do, can then listen there as often as they are started; the kernel gives it to
    no connection meanwhile, and to nobody who asks for any port. Only Linux lets two share it so.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        port: int = holder.getsockname()[1]
        if sys.platform == "linux":
            holder.detach()
        return port


def wait_until(condition: Callable[[], T], seconds: float = 20) -> T:
    """Ask again and again until the answer is true, and return it.

    Only for what another process does: within one, time is travelled.
    """
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"It has not come about within {seconds:g} seconds."
        time.sleep(0.05)
    return answer
