"""A real portal: gunicorn and a worker, as processes, on a database of their own.

The test looks into that database through the models, in its own process. Nothing is rolled back;
it is emptied before each test instead, but for what migrating has put there.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Final

import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from tests import environment
from tests.database import MADE_BY_MIGRATING, connected_to, empty
from tests.once import Migrated
from tests.processes import Process, free_port, wait_until
from tests.sandbox_server import Sandbox
from tests.staff import Staff, make_staff

_CSRF_TOKEN: Final = "c" * 32
_QUEUE_FILE: Final = environment.SCRATCH / "queue-of-portal.sqlite3"


class Portal:
    """A web server, its database, its people and its command line."""

    staff: Staff
    """Its users, whose passwords are `tests.staff.PASSWORD`."""

    def __init__(self, sandbox: Sandbox, migrated: Migrated) -> None:
        self._port = free_port()
        self._variables = {"SANDBOX_URL": sandbox.url, **_databases(migrated)}
        self._more: dict[str, str] = {}
        self.server = Process(
            "gunicorn",
            *("-m", "gunicorn", "--config", "python:permitportal.gunicorn"),
            *("--bind", f"127.0.0.1:{self._port}", "permitportal.wsgi"),
        )

    @property
    def url(self) -> str:
        """Scheme, host and port, without a slash at the end; the same all along."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def database_url(self) -> str:
        """Where its database is."""
        return self._variables["DATABASE_URL"]

    @property
    def variables(self) -> dict[str, str]:
        """What a program needs in its environment to be part of this portal."""
        return {**self._variables, **self._more}

    def manage(
        self, *arguments: str, check: bool = True, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run `manage.py` to its end; with `check`, it must end well."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=environment.ROOT,
            env={**os.environ, **self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, (
            f"manage.py {' '.join(arguments)} ended with {done.returncode}:\n"
            f"{done.stdout}{done.stderr}"
        )
        return done

    def start(self, **variables: str) -> None:
        """Start the web server, with these variables besides, and wait until it answers."""
        self._more = variables
        self.server.start(self.variables)
        wait_until(self._answers)

    def stop(self) -> None:
        """End the web server politely."""
        self.server.stop()

    def kill(self) -> None:
        """End the web server at once, as a power cut would."""
        self.server.kill()

    def restart(self, **variables: str) -> None:
        """End the web server and start it with these variables besides; they last for the test."""
        self.stop()
        self.start(**variables)

    def ready_for_a_test(self, **variables: str) -> None:
        """Have it running with these variables besides those it was made with, and no others."""
        if self._more != variables or not self.server.is_running:
            self.restart(**variables)
        else:
            self.server.forget_words()

    def words(self) -> str:
        """What the web server has said since it was last started, or else in this test."""
        return self.server.words()

    def session_cookie(self, user: User) -> str:
        """The cookie of a session that is signed in as this user."""
        client = Client()
        client.force_login(user)
        return client.cookies[settings.SESSION_COOKIE_NAME].value

    def session(self, user: User) -> requests.Session:
        """An HTTP session that is signed in as this user and may post."""
        session = requests.Session()
        session.cookies.set(settings.SESSION_COOKIE_NAME, self.session_cookie(user))
        session.cookies.set(settings.CSRF_COOKIE_NAME, _CSRF_TOKEN)
        session.headers.update({"X-CSRFToken": _CSRF_TOKEN, "Referer": self.url})
        return session

    def _answers(self) -> bool:
        assert self.server.is_running, f"The web server ended:\n{self.words()}"
        try:  # what is for HTTPS alone leads there
            return requests.get(f"{self.url}/login/", timeout=10, allow_redirects=False).ok
        except requests.ConnectionError:
            return False


class Worker:
    """The portal's background worker."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self.process = Process("worker", "manage.py", "worker")

    @property
    def is_running(self) -> bool:
        """Whether it works."""
        return self.process.is_running

    def start(self, **variables: str) -> None:
        """Start it, with these variables besides the portal's."""
        self.process.start({**self._portal.variables, **variables})

    def stop(self) -> int:
        """End it politely; its exit code."""
        return self.process.stop()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.kill()

    def words(self) -> str:
        """What it has said since it was last started."""
        return self.process.words()


@pytest.fixture(scope="session")
def portal_process(
    sandbox_process: Sandbox, static_files: None, migrated: Migrated
) -> Iterator[Portal]:
    """The one web server of the session. Tests ask for `portal`."""
    portal = Portal(sandbox_process, migrated)
    portal.start()
    yield portal
    portal.stop()


@pytest.fixture
def portal(
    request: pytest.FixtureRequest,
    portal_process: Portal,
    sandbox: Sandbox,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Portal]:
    """A running portal with nobody but its staff in it, whose database the models look into.

    It has the variables that the mark `portal` names. Tests with the same ones stand together, for
    it is started anew where they differ from the test before.
    """
    if {"db", "transactional_db"} & set(request.fixturenames):
        pytest.fail("`portal` brings its own database: ask for no other, and drop the mark.")
    with django_db_blocker.unblock(), connected_to(portal_process.database_url, again=True):
        _empty()
        portal_process.staff = make_staff(hasher="pbkdf2_sha256")
        marked = request.node.get_closest_marker("portal")
        portal_process.ready_for_a_test(**(marked.kwargs if marked else {}))
        with _words_shown(request, portal_process.server):
            yield portal_process


@pytest.fixture
def worker(request: pytest.FixtureRequest, portal: Portal) -> Iterator[Worker]:
    """A running worker beside the portal."""
    worker = Worker(portal)
    with _words_shown(request, worker.process):
        worker.start()
        yield worker
        worker.stop()


@contextmanager
def _words_shown(request: pytest.FixtureRequest, process: Process) -> Iterator[None]:
    """Have pytest print what the process said during the test, where that failed."""
    said_before = process.log.stat().st_size
    yield
    request.node.add_report_section("teardown", process.name, process.words_after(said_before))


def _databases(migrated: Migrated) -> dict[str, str]:
    """The addresses of a new database and its queue."""
    url = migrated.database("portal")
    return {
        "DATABASE_URL": url,
        "QUEUE_URL": url if environment.ON_POSTGRES else migrated.queue(_QUEUE_FILE),
    }


def _empty() -> None:
    """Remove what the test before has left, in the database and in the queue."""
    tables = connection.introspection.table_names()
    ours = connection.introspection.django_table_names(only_existing=True, include_views=False)
    queue = [table for table in tables if table.startswith("huey_")]
    empty({*ours, *queue} - MADE_BY_MIGRATING)
    if _QUEUE_FILE.exists():
        with closing(sqlite3.connect(_QUEUE_FILE, timeout=20)) as file, file:
            rows = file.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (table,) in rows:
                file.execute(f'DELETE FROM "{table}"')
