"""`make run`: a fresh clone becomes a working portal, and all of it ends together."""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final, Self

import psutil
import pytest
import requests

from tests.environment import NOWHERE, ROOT, untouched
from tests.once import Once
from tests.processes import free_port, wait_until

READY: Final = "Ctrl-C ends it."
PREPARE: Final = """
from pathlib import Path
from tools import prepare
prepare.environment_file(Path())
prepare.settings()
prepare.database_and_static_files()
"""


def fill(folder: Path) -> None:
    """Put the files there that a clone of this checkout would have, compiled where these are."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        compiled = cache_from_source(name) if name.endswith(".py") else name
        for each in {name, compiled}:
            if (ROOT / each).is_file():  # one that was removed is listed until that is committed
                (folder / each).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / each, folder / each)


def prepare(folder: Path) -> None:
    """Make a clone, its settings, its database and its static files, as running it once does."""
    fill(folder)
    subprocess.run(
        [sys.executable, "-c", PREPARE],
        cwd=folder,
        env={**untouched(), "SANDBOX_URL": NOWHERE},
        check=True,
    )


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A fresh clone."""
    folder = tmp_path / "clone"
    fill(folder)
    return folder


@pytest.fixture
def prepared(tmp_path: Path, once: Once) -> Path:
    """A clone in which everything is prepared, so that running it takes less time."""
    return shutil.copytree(once("prepared", prepare), tmp_path / "prepared")


class MakeRun:
    """`make run` in a folder, started as from a terminal: in a session of its own."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port, self.sandbox_port = free_port(), free_port()
        self._variables = {
            "VENV": sys.prefix,  # what installing takes is held in test_venv.py
            "PORT": str(self.port),
            "SANDBOX_URL": f"http://127.0.0.1:{self.sandbox_port}",
            **variables,
        }

    def __enter__(self) -> Self:
        self._log = self.folder / "run.log"
        with self._log.open("wb") as log:
            self.make = subprocess.Popen(
                ["make", "run"],
                cwd=self.folder,
                env={**untouched(), **self._variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(self, *error: object) -> None:
        for process in self.processes():
            process.kill()
        self.make.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def words(self) -> str:
        return self._log.read_text()

    def wait_until_ready(self) -> Self:
        wait_until(lambda: READY in self.words() or self.make.poll() is not None, seconds=60)
        assert READY in self.words(), self.words()
        return self

    def wait_until_gone(self) -> int:
        wait_until(lambda: not self.processes(), seconds=30)
        return self.make.wait(timeout=10)

    def processes(self) -> list[psutil.Process]:
        """Everything that runs in the folder."""
        self.make.poll()  # its end is noticed only when somebody asks
        return [
            process
            for process in psutil.process_iter(["cwd", "status"])
            if process.info["cwd"] == str(self.folder) and process.info["status"] != "zombie"
        ]

    def process(self, command: str) -> psutil.Process:
        """The one that runs a command."""
        (found,) = [each for each in self.processes() if command in " ".join(each.cmdline()[1:])]
        return found


class TestFreshClone:
    def test_it_becomes_a_working_portal_that_ends_and_comes_back(self, clone: Path) -> None:
        with MakeRun(clone) as run:
            run.wait_until_ready()
            page = requests.get(f"{run.url}/login/", timeout=10)
            assert page.status_code == 200
            assert "sandbox" in page.text.lower()
            assert zones(clone) > 0
            assert (clone / ".env").stat().st_mode & 0o777 == 0o600
            assert may_sign_in(run)

            os.killpg(run.make.pid, signal.SIGINT)  # as Ctrl-C does
            run.wait_until_gone()
            assert "Everything has ended." in run.words()

        written = (clone / ".env").read_text()
        with MakeRun(clone) as run:
            run.wait_until_ready()
            assert (clone / ".env").read_text() == written
            assert password(run.words()) is None
            assert "was printed the first time" in run.words()
            assert "manage.py changepassword admin" in run.words()

    def test_each_has_a_secret_key_of_its_own(self, clone: Path) -> None:
        keys = set()
        for _ in range(2):
            with MakeRun(clone, TIME_ZONE="Mars/Olympus") as run:
                run.wait_until_gone()
            (key,) = re.findall(r"^SECRET_KEY=(.+)$", (clone / ".env").read_text(), re.MULTILINE)
            (clone / ".env").unlink()
            keys.add(key)
        assert len(keys) == 2
        assert all(len(key) >= 50 for key in keys)

    def test_a_bad_setting_is_named_before_anything_starts(self, clone: Path) -> None:
        with MakeRun(clone, TIME_ZONE="Mars/Olympus") as run:
            assert run.wait_until_gone() != 0
            assert "TIME_ZONE: 'Mars/Olympus' cannot be used." in run.words()
            assert "Traceback" not in run.words()
            assert not (clone / "portal.sqlite3").exists()


class TestEnding:
    def test_nothing_outlives_a_supervisor_that_is_killed(self, prepared: Path) -> None:
        with MakeRun(prepared) as run:
            run.wait_until_ready()
            assert len(run.processes()) >= 6  # make, supervisor, sandbox, gunicorn twice, worker
            run.process("tools.run").kill()
            run.wait_until_gone()

    def test_nothing_outlives_make(self, prepared: Path) -> None:
        with MakeRun(prepared) as run:
            run.wait_until_ready()
            run.make.kill()
            run.wait_until_gone()

    @pytest.mark.parametrize("program", ["worker", "sandbox"])
    def test_all_end_when_one_does_and_it_is_named(self, prepared: Path, program: str) -> None:
        with MakeRun(prepared) as run:
            run.wait_until_ready()
            run.process(f"manage.py {program}").kill()
            assert run.wait_until_gone() != 0
            assert f"The {program} was ended by SIGKILL" in run.words()

    def test_make_passes_sigterm_on(self, prepared: Path) -> None:
        with MakeRun(prepared) as run:
            run.wait_until_ready()
            run.make.terminate()
            run.wait_until_gone()
            assert "Everything has ended." in run.words()


class TestTwoAtOnce:
    def test_a_taken_port_is_passed_over_and_said(self, prepared: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = str(other.getsockname()[1])
            with MakeRun(prepared, PORT=taken, SANDBOX_URL=f"http://127.0.0.1:{taken}") as run:
                run.wait_until_ready()
                assert run.words().count(f"for {taken} is taken") == 2
                (portal,) = re.findall(r"The portal is ready: (\S+)", run.words())
                (sandbox,) = re.findall(r"not to a controller: (\S+)", run.words())
                assert taken not in portal + sandbox
                assert portal != sandbox
                assert requests.get(f"{portal}login/", timeout=10).ok
                assert requests.get(sandbox, timeout=10).ok

    def test_a_second_one_from_the_same_folder_is_refused(self, prepared: Path) -> None:
        with MakeRun(prepared) as run:
            run.wait_until_ready()
            second = subprocess.run(
                ["make", "run"],
                cwd=prepared,
                env={**untouched(), "VENV": sys.prefix},
                capture_output=True,
                check=False,
                text=True,
            )
            assert second.returncode != 0
            supervisor = run.process("tools.run")
            assert (
                f"It runs already from this folder, as process {supervisor.pid}." in second.stdout
            )
            assert requests.get(f"{run.url}/login/", timeout=10).ok


def password(words: str) -> str | None:
    """The first user's password, where it was printed."""
    found = re.search(r"Sign in as admin with the password (\S+)", words)
    return found and found[1]


def may_sign_in(run: MakeRun) -> bool:
    """Whether the printed password opens the portal."""
    with requests.Session() as browser:
        browser.get(f"{run.url}/login/", timeout=10)
        answer = browser.post(
            f"{run.url}/login/",
            data={
                "username": "admin",
                "password": password(run.words()),
                "csrfmiddlewaretoken": browser.cookies["csrftoken"],
                "next": "/",
            },
            headers={"Referer": f"{run.url}/login/"},
            timeout=10,
        )
        return "sessionid" in browser.cookies and answer.ok


def zones(clone: Path) -> int:
    """How many zones the portal knows."""
    with closing(sqlite3.connect(clone / "portal.sqlite3")) as database:
        (count,) = database.execute("SELECT COUNT(*) FROM permits_zone").fetchone()
    return int(count)
