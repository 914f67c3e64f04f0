"""The programs under measurement: started, asked what they cost, and ended."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import psutil

from tools.children import say

ROOT: Final = Path(__file__).resolve().parent.parent.parent
ENDS_WITHIN: Final = 40.0  # seconds

T = TypeVar("T")


class Program:
    """A Python program, ended with the `with` block that it is started in."""

    def __init__(self, *command: str, variables: Mapping[str, str] | None = None) -> None:
        """Start it in the project's folder, with these variables of the environment besides."""
        self._lines: list[str] = []
        self._process = psutil.Popen(
            [sys.executable, "-m", "tools.tied", str(os.getpid()), sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()
        if error is not None:
            say("\n".join(["A program's last words:", *self._lines[-30:]]))

    def end(self) -> str:
        """End it politely; everything that it said."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(ENDS_WITHIN)
        finally:
            for process in self._all():
                process.kill()
        self._listener.join()
        return self.words()

    def said(self, pattern: str, *, within: float = 30) -> str:
        """Wait until it has said what the pattern finds; return that."""

        def found() -> str:
            if match := re.search(pattern, self.words()):
                return match[0]
            if self._process.poll() is not None:
                raise RuntimeError("\n".join(["A program ended too soon:", *self._lines[-30:]]))
            return ""

        return wait_until(found, within=within)

    def words(self) -> str:
        """Everything that it has said so far."""
        return "\n".join(self._lines)

    def cpu(self) -> float:
        """Seconds of processor time, its own and its children's."""
        times = [process.cpu_times() for process in self._all()]
        return sum(each.user + each.system for each in times)

    def memory(self) -> float:
        """Megabytes of memory that it occupies, its children's included."""
        return sum(process.memory_info().rss for process in self._all()) / 1e6

    def _all(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _listen(self) -> None:
        for line in self._process.stdout:
            self._lines.append(line.rstrip())


class Conversation:
    """A Python program that answers, a line of JSON for each line of JSON."""

    def __init__(self, *command: str, variables: Mapping[str, str]) -> None:
        """Start it in the project's folder, with these variables of the environment alone."""
        self._complaints: Any = tempfile.TemporaryFile("w+")  # noqa: SIM115 - until `__exit__`
        self._process: Any = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._complaints.close()

    def say(self, what: Any) -> None:
        """Tell it something."""
        print(json.dumps(what), file=self._process.stdin, flush=True)

    def hear(self) -> Any:
        """Wait for what it says next."""
        if not (line := self._process.stdout.readline()):
            self._complaints.seek(0)
            last = self._complaints.readlines()[-30:]
            raise RuntimeError("".join(["A program ended too soon:\n", *last]))
        return json.loads(line)


class Sandbox(Program):
    """A controller that takes as long for each call as it is told to."""

    def __init__(self, *, delay: float = 0) -> None:
        """Start it; the delay is in seconds."""
        super().__init__("-m", "permits.sandbox", "--port=0")
        self.url = self.said(r"http://[\d.:]+")
        self._control("POST", "/sandbox/settings", {"delay": delay})

    def forget(self, *, delay: float) -> None:
        """Have it forget every record, and take this long for each call."""
        self._control("DELETE", "/sandbox/ledger")
        self._control("POST", "/sandbox/settings", {"delay": delay})

    def misbehave(self, faults: dict[str, Any]) -> None:
        """Have it meet calls with these faults at random, from now on."""
        self._control("POST", "/sandbox/settings", {"random_faults": faults})

    def pushes(self) -> int:
        """How many permits were pushed to it."""
        return len(self.plates())

    def plates(self) -> list[str]:
        """The plate of each record that it holds."""
        return [each["plate"] for each in self._control("GET", "/sandbox/ledger")["records"]]

    def _control(self, method: str, path: str, body: object = None) -> Any:
        connection = HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer


def wait_until(condition: Callable[[], T], *, within: float, every: float = 0.05) -> T:
    """Ask until the answer is true, and return it; raises RuntimeError after so many seconds."""
    ends = time.monotonic() + within
    while not (answer := condition()):
        if time.monotonic() > ends:
            raise RuntimeError(f"It has not come about within {within:g} seconds.")
        time.sleep(every)
    return answer
