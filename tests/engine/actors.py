"""Processes that act on the test's database and call its sandbox, all at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests import environment
from tests.sandbox_server import Sandbox


class Actor:
    """One process that runs `tests.engine.driver`."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def await_ready(self) -> None:
        """Wait until it can begin."""
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said == "ready\n", f"{said}{self.process.communicate(timeout=30)}"

    def begin(self) -> None:
        """Let it begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """Wait for its end; the exit code."""
        return self.process.wait(timeout=60)


@contextmanager
def actors(
    database: str, sandbox: Sandbox, *commands: tuple[object, ...], **variables: str
) -> Iterator[list[Actor]]:
    """A process for each of these command lines, all begun at the same moment."""
    given = {"DATABASE_URL": database, "SANDBOX_URL": sandbox.url, **variables}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.engine.driver", *map(str, command)],
            cwd=environment.ROOT,
            env={**os.environ, **given},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    all_of_them = [Actor(process) for process in processes]
    try:
        for actor in all_of_them:
            actor.await_ready()
        for actor in all_of_them:
            actor.begin()
        yield all_of_them
    finally:
        for process in processes:
            process.kill()
            process.communicate(timeout=30)
