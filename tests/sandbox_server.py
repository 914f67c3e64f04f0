"""A sandbox controller as tests use it: its own process, told what to do over HTTP."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

from tests.processes import free_port

ROOT = Path(__file__).resolve().parent.parent
CLIENT_CODE = "OC-TOMA"
TOKEN = "sandbox-token"

Json = dict[str, Any]


class Sandbox:
    """A running sandbox; a context manager that stops it at the end.

    `options` are the command line's, with underscores: `Sandbox(duplicates="refuse")`.
    """

    def __init__(self, *, ledger: Path | None = None, **options: str) -> None:
        self.client_code = options.get("client_code", CLIENT_CODE)
        self.token = options.get("token", TOKEN)
        self.port = free_port()
        self._ledger = ledger
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self._complaints: list[str] = []
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # The process

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process's number."""
        assert self._process is not None
        return self._process.pid

    @property
    def complaints(self) -> str:
        """What it has written to its standard error, complete once it has ended."""
        return "".join(self._complaints)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        given = {"port": str(self.port), **self._options}
        if self._ledger is not None:
            given["ledger"] = str(self._ledger)
        options = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
        tied_to_the_tests = [sys.executable, "-m", "tools.tied", str(os.getpid())]
        self._process = subprocess.Popen(
            [*tied_to_the_tests, sys.executable, "-m", "permits.sandbox", *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen, args=[self._process], daemon=True)
        self._listener.start()
        assert self._process.stdout is not None
        if self.url not in self._process.stdout.readline():
            self.stop()
            raise RuntimeError(f"The sandbox did not start: {self.complaints}")

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        self._complaints.extend(process.stderr)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it politely; its exit code."""
        return self._end(how)

    def kill(self) -> int:
        """End it with SIGKILL, as a crash would."""
        return self._end(signal.SIGKILL)

    def restart(self) -> None:
        """End it, if it still runs, and start it on the same port with the same ledger."""
        self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> int:
        process = self._process
        assert process is not None
        if process.poll() is None:
            process.send_signal(how)
        code = process.wait(timeout=10)
        self._listener.join(timeout=10)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        return code

    # Control

    def fault(self, name: str, **parameters: object) -> None:
        """Queue a fault; `parameters` as the control interface takes them."""
        self.control("POST", "/sandbox/faults", {"fault": name, **parameters})

    def settings(self, **settings: object) -> Json:
        """Change settings; all of them as they then are."""
        return self.control("POST", "/sandbox/settings", settings)

    def add_record(self, **details: str) -> str:
        """Add a record of another client's; its reference."""
        answer = self.control("POST", "/sandbox/records", details)
        return cast(str, answer["references"][0])

    def lose_record(self, reference: str) -> None:
        """Make it forget a record."""
        self.control("DELETE", f"/sandbox/records/{quote(reference, safe='')}")

    def zones(self, **change: str) -> list[str]:
        """Change a zone: `add=…`, `rename=…, to=…` or `remove=…`; every zone there then is."""
        return cast(list[str], self.control("POST", "/sandbox/zones", change)["zones"])

    def reset(self) -> None:
        """Make it forget everything, its faults and settings too."""
        self.control("DELETE", "/sandbox/ledger")

    # Inspection

    def ledger(self, since: int = 0) -> Json:
        """Everything it holds and was asked, after an event's number."""
        return self.control("GET", f"/sandbox/ledger?since={since}")

    def requests(self, operation: str | None = None) -> list[Json]:
        """The requests that it received, oldest first; with an operation, only its calls."""
        requests: list[Json] = self.ledger()["requests"]
        return [each for each in requests if operation in (None, each["operation"])]

    def records(self, state: str | None = None) -> list[Json]:
        """The records, oldest first; with a state (`live`, `deleted`, `lost`), only those."""
        records: list[Json] = self.ledger()["records"]
        return [each for each in records if state in (None, each["state"])]

    # HTTP

    def control(self, method: str, path: str, body: object = None) -> Json:
        """A request to the control interface; its answer. Raises RuntimeError on a refusal."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {value}")
        return cast(Json, value)

    def call(self, operation: str, fields: Json | None = None, *, timeout: float = 10) -> Json:
        """A call as a client would make it, with the token put in; the answer's JSON."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            body = json.dumps({"apiToken": self.token, **(fields or {})})
            path = f"/api/{self.client_code}/v1/permits/{operation}"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            return cast(Json, json.loads(connection.getresponse().read()))
        finally:
            connection.close()
