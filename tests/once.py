"""What the processes that share the tests need make but once: whoever asks first makes it."""

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from permits.tasks import create_queue
from tests import environment, postgres

_DATABASE: Final = "migrated"
_QUEUE: Final = "migrated_queue"


class Once:
    """Folders that are filled once a run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder of this name; where nobody has filled it, `make` does so first."""
        folder, unfinished = self._folder / name, self._folder / f"{name}-unfinished"
        with (self._folder / f"{name}-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(folder)
        return folder


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Have something made once: `once("name", make)` is the folder that `make` has filled."""
    own = tmp_path_factory.getbasetemp()
    return Once(own if environment.WORKER == "alone" else own.parent)


def manage(*arguments: str, **variables: str) -> None:
    """Run `manage.py` to its good end, with these variables besides the tests' own."""
    subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=environment.ROOT,
        env={**os.environ, **variables},
        check=True,
    )


@pytest.fixture(scope="session")
def static_files(once: Once) -> None:
    """Collect the static files."""
    once("static-files", lambda _: manage("collectstatic", "--noinput", "--verbosity=0"))


class Migrated:
    """Databases as migrating leaves them, each a copy of one that was migrated."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def database(self, name: str) -> str:
        """Make one that this process has for itself; its address."""
        if environment.ON_POSTGRES:
            return self.copy(f"{name}_{environment.WORKER}")
        return self.copy(str(environment.SCRATCH / f"{name}.sqlite3"))

    def copy(self, name: str) -> str:
        """Make one of this very name, or in this file; its address."""
        if environment.ON_POSTGRES:
            return postgres.create(name, like=_DATABASE)
        return self._copy_file(_DATABASE, name)

    def queue(self, file: Path) -> str:
        """Make the queue that goes with such a database on SQLite; its address."""
        return self._copy_file(_QUEUE, str(file))

    def _copy_file(self, name: str, file: str) -> str:
        """Copy what stands in the file, and what stands in its log alone."""
        source = self._folder / f"{name}.sqlite3"
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(file)) as new:
            old.backup(new)
        return f"sqlite:///{file}"


@pytest.fixture(scope="session")
def migrated(once: Once) -> Migrated:
    """Databases that need no migrating: `migrated.database("name")`; this process has its queue."""
    create_queue()
    return Migrated(once("migrated", _migrate))


def _migrate(folder: Path) -> None:
    if environment.ON_POSTGRES:
        database = queue = postgres.create(_DATABASE)
    else:
        database, queue = (f"sqlite:///{folder / name}.sqlite3" for name in (_DATABASE, _QUEUE))
    manage("migrate", "--verbosity=0", DATABASE_URL=database, QUEUE_URL=queue)
