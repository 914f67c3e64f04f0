"""Brings a working portal up from a fresh clone, and takes it down in good order: `make run`.

It prepares the environment file, the database and the static files, then runs the sandbox (where
no controller is configured), the web server and the worker until Ctrl-C or SIGTERM. When one of
them ends by itself, all end.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final
from urllib.parse import urlsplit

from tools import prepare
from tools.children import Child, end, say
from tools.listening import answers, free_port
from tools.prepare import Account
from tools.refusal import Refusal
from tools.tied import tie_to_parent

ROOT: Final = Path(__file__).resolve().parent.parent
VAR: Final = ROOT / "var"
PYTHON: Final = sys.executable
READY_WITHIN: Final = 30
"""Seconds that a program may take until it answers."""
LOOPBACK: Final = ("localhost", "127.0.0.1")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the portal until it is asked to end; its exit code."""
    options = read_options(arguments)
    if options.end_with_parent:
        tie_to_parent(signal.SIGTERM, os.getppid())
    os.chdir(ROOT)
    try:
        with only_one():
            if prepare.environment_file(ROOT):
                say("Wrote .env with secret keys of its own.")
            say("Preparing the database and the static files.")
            prepare.settings()
            prepare.database_and_static_files()
            return Portal(options.bind, options.port).run()
    except Refusal as refusal:
        say(f"\n{refusal}")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's options; a mistake in them ends the process with code 2."""
    parser = argparse.ArgumentParser(prog="python -m tools.run", description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="the first port to try")
    parser.add_argument(
        "--end-with-parent", action="store_true", help="end when the program that started it ends"
    )
    return parser.parse_args(arguments)


@contextmanager
def only_one() -> Iterator[None]:
    """Hold the checkout: two portals at once would share a sandbox's ledger and a queue."""
    VAR.mkdir(exist_ok=True)
    with (VAR / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Refusal(
                f"It runs already from this folder, as process {lock.read().strip()}."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


class Portal:
    """The programs that make up a portal, while they run."""

    def __init__(self, bind: str, port: int) -> None:
        from django.conf import settings

        self._settings = settings
        self._asked_to_end = 0
        self._bind = bind
        self._host = f"[{bind}]" if ":" in bind else bind  # as addresses write it
        self._port = self._choose_port("The web server", bind, port)
        self._name = self._name_in_addresses()
        self._children: list[Child] = []
        self._variables: dict[str, str] = {}
        self._sandbox_url = ""

    def run(self) -> int:
        """Start everything, say where it is, and stay until the end; the exit code."""
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, self._note_signal)
        try:
            self._start()
            if not self._asked_to_end:
                self._introduce(prepare.first_user())
            while not self._asked_to_end:
                self._hold_children()
                time.sleep(0.2)
        finally:
            self._end()
        return 0

    def _start(self) -> None:
        if self._settings.OPSCOM_IS_SANDBOX:
            self._start_sandbox()
        if not self._asked_to_end:
            self._learn_zones()
        web_server = ["-m", "gunicorn", "--config", "python:permitportal.gunicorn"]
        self._launch(
            "web", PYTHON, *web_server, f"--bind={self._host}:{self._port}", "permitportal.wsgi"
        )
        self._launch("worker", PYTHON, "manage.py", "worker")
        self._wait_until_answered(self._bind, self._port, "/login/", self._name)

    def _start_sandbox(self) -> None:
        wanted = urlsplit(self._settings.SANDBOX_URL)
        host, port = wanted.hostname or "", wanted.port or 80
        if host not in LOOPBACK:
            return  # somebody else's
        port = self._choose_port("The sandbox", host, port, but=[self._port])
        self._sandbox_url = f"http://{host}:{port}"
        self._variables["SANDBOX_URL"] = self._sandbox_url
        ledger = VAR / "sandbox.jsonl"
        self._launch(
            "sandbox", PYTHON, "manage.py", "sandbox", f"--port={port}", f"--ledger={ledger}"
        )
        self._wait_until_answered(host, port, "/", host)

    def _learn_zones(self) -> None:
        done = subprocess.run(
            [PYTHON, "manage.py", "reconcile"],
            env={**os.environ, **self._variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            say(f"The controller's zones could not be fetched now:\n{done.stderr.strip()}")

    def _launch(self, name: str, *command: str) -> None:
        if not self._asked_to_end:
            child = Child(name, command, folder=ROOT, variables=self._variables)
            self._children.append(child)

    def _wait_until_answered(self, host: str, port: int, path: str, called: str) -> None:
        limit = time.monotonic() + READY_WITHIN
        while not self._asked_to_end and not answers(host, port, path, called=called):
            self._hold_children()
            if time.monotonic() > limit:
                raise Refusal(
                    f"Nothing answered at http://{called}:{port}{path} within {READY_WITHIN} "
                    "seconds. The lines above may say why."
                )
            time.sleep(0.1)

    def _hold_children(self) -> None:
        for child in self._children:
            if not child.is_running:
                raise Refusal(
                    f"The {child.name} {child.how_it_ended}, so everything was ended. Its last "
                    "lines above may say why."
                )

    def _introduce(self, account: Account) -> None:
        say(f"\nThe portal is ready: http://{self._name}:{self._port}/")
        if account.password:
            say(f"Sign in as {account.name} with the password {account.password}")
            say("The password is not shown again.")
        else:
            say(f"Sign in as {account.name}. The password was printed the first time; to set a")
            say(f"new one: {PYTHON} manage.py changepassword {account.name}")
        if self._sandbox_url:
            say(f"It talks to a sandbox, not to a controller: {self._sandbox_url}/")
        say("Ctrl-C ends it.\n")

    def _end(self) -> None:
        # Who may still call the controller ends before a sandbox that may still answer.
        patience = self._settings.OPSCOM_DEADLINE + 10
        signals = self._asked_to_end
        if signals:
            say("\nEnding; a call to the controller may still be answered. Again ends at once.")
        callers = [child for child in self._children if child.name != "sandbox"]
        others = [child for child in self._children if child.name == "sandbox"]
        for stage in (callers, others):
            end(stage, patience=patience, hurry=lambda: self._asked_to_end > signals)
        if signals:
            say("Everything has ended.")

    def _choose_port(self, who: str, host: str, wanted: int, but: Sequence[int] = ()) -> int:
        port = free_port(host, wanted, but)
        if port != wanted:
            say(f"{who} takes port {port}, for {wanted} is taken.")
        return port

    def _name_in_addresses(self) -> str:
        """Return a name that this machine and the portal both know it by."""
        from django.http.request import validate_host

        allowed = self._settings.ALLOWED_HOSTS
        for name in (self._host, "127.0.0.1", "localhost"):
            if name not in ("0.0.0.0", "[::]") and validate_host(name, allowed):  # noqa: S104
                return name
        return str(allowed[0]).lstrip(".") if allowed else self._host

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_end += 1


if __name__ == "__main__":
    sys.exit(main())
