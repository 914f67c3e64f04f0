"""The processes of one run, and how each is started and ended."""

import os
import random
import subprocess
import sys
import time
from http.client import HTTPException
from pathlib import Path
from typing import Final

import requests

from tests import environment, postgres
from tests.chaos.faults import random_faults
from tests.chaos.plan import Plan
from tests.processes import Process, free_port, wait_until
from tests.sandbox_server import Sandbox

GRACE: Final = 60.0  # seconds that a client may take to finish what it is at


class Program:
    """One process that may be killed and started again at any moment."""

    def __init__(self, name: str, variables: dict[str, str], *command: str) -> None:
        self.name = name
        self._variables = variables
        self._process = Process(name, *command)
        self.started_at = 0.0

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process.is_running

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def start(self) -> None:
        """Start it."""
        self._process.start(self._variables)
        self.started_at = time.monotonic()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def stop(self) -> int:
        """End it politely; its exit code."""
        return self._process.stop()


class Controller(Program):
    """The sandbox. It forgets its faults when it is killed, so they are set at every start."""

    def __init__(self, plan: Plan, journal: Path, dice: random.Random) -> None:
        self.name = "sandbox"
        self.sandbox = Sandbox(ledger=journal, token=plan.token)
        self._rate, self._dice = plan.fault_rate, dice
        self.started_at = time.monotonic()
        self._running = True
        self.misbehave()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._running

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.sandbox.pid

    def start(self) -> None:
        """Start it, and let it misbehave."""
        self.sandbox.start()
        self._running = True
        self.started_at = time.monotonic()
        self.misbehave()

    def misbehave(self) -> None:
        """Have faults strike at random."""
        self.sandbox.settings(
            random_faults=random_faults(self._rate, self._dice),
            close_after_requests=self._dice.choice([None, 7, 50]),
            delay=self._dice.choice([0, 0.02, 0.1]),
        )

    def behave(self) -> None:
        """Have no more faults."""
        self.sandbox.settings(random_faults=None, close_after_requests=None, delay=0)

    def kill(self) -> None:
        """End it at once."""
        self._running = False
        self.sandbox.kill()

    def stop(self) -> int:
        """End it politely; its exit code."""
        self._running = False
        return self.sandbox.stop()


class Programs:
    """Everything that runs."""

    def __init__(self, plan: Plan, dice: random.Random) -> None:
        self.plan = plan
        self.folder = environment.SCRATCH
        self.journal = self.folder / "sandbox.jsonl"
        self.controller = Controller(plan, self.journal, dice)
        self.variables = plan.variables(
            sandbox_url=self.controller.sandbox.url, **_databases(plan.database)
        )
        self.url = f"http://127.0.0.1:{free_port()}"
        self.web = Program(
            "web",
            self.variables,
            *("-m", "gunicorn", "--config", "python:permitportal.gunicorn"),
            *("--bind", self.url.removeprefix("http://"), "permitportal.wsgi"),
        )
        self.workers = [
            Program(f"worker{number}", self.variables, *_worker(number))
            for number in range(plan.consumers)
        ]
        self.shell = Program("shell", self.variables, "manage.py", "send_permits")
        self._clients: Program | None = None

    def prepare(self) -> None:
        """Make the database, and learn the controller's zones while it still behaves."""
        self.controller.behave()
        self.manage("migrate", "--verbosity=0")
        if not self.plan.collected:
            self.manage("collectstatic", "--noinput", "--verbosity=0")
        self.manage("reconcile")

    def start(self) -> None:
        """Start the portal, and let the controller misbehave."""
        for program in (self.web, *self.workers):
            program.start()
        wait_until(self.answers, 60)
        self.controller.misbehave()

    def manage(self, *arguments: str, check: bool = True) -> int:
        """Run `manage.py` to its end; its exit code."""
        with (self.folder / "manage.log").open("ab") as log:
            done = subprocess.run(
                [sys.executable, "manage.py", *arguments],
                cwd=environment.ROOT,
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=300,
                check=check,
            )
        return done.returncode

    def answers(self) -> bool:
        """Whether the web server answers."""
        try:
            return requests.get(f"{self.url}/login/", timeout=10).ok
        except (requests.RequestException, HTTPException):
            return False

    def start_clients(self, cookies: list[str]) -> Program:
        """Start the clients' process, one person for each session's cookie."""
        self._clients = Program(
            "clients",
            self.variables,
            *("-m", "tests.chaos.clients", self.url, str(self.folder), str(self.journal)),
            *(str(self.plan.seed), str(self.plan.permits), *cookies),
        )
        self._clients.start()
        return self._clients

    def end(self) -> dict[str, int]:
        """End all but the controller politely; their exit codes."""
        return {each.name: each.stop() for each in (*self.workers, self.web) if each.is_running}

    def end_at_once(self) -> None:
        """End whatever still runs."""
        for each in (self._clients, *self.workers, self.web, self.shell, self.controller):
            if each and each.is_running:
                each.kill()

    def logs(self) -> dict[str, str]:
        """What each process has said, by its name."""
        logs = {path.stem: path.read_text(errors="replace") for path in self.folder.glob("*.log")}
        return logs | {"sandbox": self.controller.sandbox.complaints}


def _databases(kind: str) -> dict[str, str]:
    if kind == "postgres":
        url = postgres.create(f"chaos_{os.getpid()}")
        return {"database_url": url, "queue_url": url}
    return {
        "database_url": f"sqlite:///{environment.SCRATCH / 'chaos.sqlite3'}",
        "queue_url": f"sqlite:///{environment.SCRATCH / 'chaos-queue.sqlite3'}",
    }


def _worker(number: int) -> list[str]:
    return ["manage.py", "worker", *(["--no-periodic"] if number else [])]
