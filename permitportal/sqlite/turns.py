"""Turns: who may begin the next transaction on a SQLite file, among threads and processes.

SQLite lets one writer in at a time, and those who wait sleep and look again, ever longer: up to
100 ms. Whoever has just committed looks first, so that a worker that writes all the time shuts a
page out for half a second. Here the threads of a process wait for each other, and the processes
take turns: one of them is next, and nobody else looks for the turn before that one has it.

Both files are locked by `flock`, which the kernel lets go when a process dies, however it dies.
"""

import fcntl
import os
import threading
import time
from functools import cache
from typing import Final

LOOK_EVERY: Final = 0.0005  # seconds between two looks of the one who is next


class Turns:
    """The turns on one database."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._files: tuple[int, int] | None = None  # who is next, whose turn it is

    def take(self, timeout: float) -> bool:
        """Wait for the turn for at most so many seconds; whether it came."""
        ends = time.monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            return False
        is_ours = False
        try:
            following, turn = self._open()
            if _lock(following, ends):
                try:
                    is_ours = _lock(turn, ends)
                finally:
                    fcntl.flock(following, fcntl.LOCK_UN)
        finally:
            if not is_ours:
                self._threads.release()
        return is_ours

    def give_back(self) -> None:
        """Let the next one have its turn."""
        _, turn = self._open()
        fcntl.flock(turn, fcntl.LOCK_UN)
        self._threads.release()

    def _open(self) -> tuple[int, int]:
        if self._files is None:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._files = (
                os.open(f"{self._path}-next", flags, 0o600),
                os.open(f"{self._path}-turn", flags, 0o600),
            )
        return self._files


@cache
def turns(path: str) -> Turns:
    """Return the turns on the database in this file, the same for all threads of the process."""
    return Turns(path)


# A child that was forked must not share its parent's locks.
os.register_at_fork(after_in_child=turns.cache_clear)


def _lock(file: int, ends: float) -> bool:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > ends:
                return False
            time.sleep(LOOK_EVERY)
        else:
            return True
