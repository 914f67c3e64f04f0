"""Programs that run together: started, listened to and ended."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

_speaking = threading.Lock()


def say(line: str) -> None:
    """Print a line; where nobody listens any more, go on without."""
    with _speaking, suppress(OSError):
        print(line, flush=True)


class Child:
    """A program in a process group of its own, every line it says bearing its name."""

    def __init__(
        self, name: str, command: Sequence[str], *, folder: Path, variables: Mapping[str, str]
    ) -> None:
        """Start it, in the folder, with these variables of the environment besides our own."""
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.tied", str(os.getpid()), *command],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,  # Ctrl-C is for us alone: we end the others in good order
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def how_it_ended(self) -> str:
        """In words, how it ended; it must have."""
        code = self._process.returncode
        return (
            f"was ended by {signal.Signals(-code).name}"
            if code < 0
            else f"ended with exit code {code}"
        )

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def end_now(self) -> None:
        """Send SIGKILL to it and to whatever it has started, and hear its last words."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join(timeout=1)

    def _listen(self) -> None:
        with cast(IO[str], self._process.stdout) as words:
            for line in words:
                say(f"{self.name:>10} | {line.rstrip()}")


def end(children: Iterable[Child], *, patience: float, hurry: Callable[[], bool]) -> None:
    """Ask the children to end, and end at once who has not within so many seconds.

    `hurry` cuts the patience short.
    """
    children = list(children)
    for child in children:
        child.ask_to_end()
    limit = time.monotonic() + patience
    while any(child.is_running for child in children) and time.monotonic() < limit and not hurry():
        time.sleep(0.05)
    for child in children:
        child.end_now()
