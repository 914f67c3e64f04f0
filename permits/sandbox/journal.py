"""The file behind a ledger: JSON lines, each with the operating system before its answer leaves.

A SIGKILL therefore loses nothing that was acknowledged. (A power cut may: there is no fsync.)
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OPENING = b'{"number":'
"""How every line begins; a file that begins otherwise is somebody else's, and is left alone."""


class JournalError(Exception):
    """The journal cannot be opened, read or written; the text says which file and why."""


class Journal:
    """An append-only file of JSON lines that one sandbox at a time may hold."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._failed("cannot be opened", error) from error
        if not stat.S_ISREG(os.fstat(self._file).st_mode):
            os.close(self._file)
            raise JournalError(f"The ledger {path} cannot be opened: it is no regular file.")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise self._failed("is held by another sandbox", error) from error
        self.discarded = self._repair()
        """Bytes of a half-written last line that were cut off; nobody was answered for it."""

    def replay(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Each event with its line, oldest first."""
        with self._path.open("rb") as lines:
            for count, line in enumerate(lines, start=1):
                try:
                    event = json.loads(line)
                except ValueError as error:
                    raise self._failed(f"is damaged in line {count}", error) from error
                if not isinstance(event, dict) or not line.startswith(_OPENING):
                    raise JournalError(f"{self._path} is not a sandbox's ledger: see line {count}.")
                yield event, line[:-1]

    def _repair(self) -> int:
        content = self._path.read_bytes()
        self._size = content.rfind(b"\n") + 1
        half = content[self._size :]
        if not half.startswith(_OPENING[: len(half)]):
            raise JournalError(f"{self._path} is not a sandbox's ledger: see its end.")
        if half:
            self._truncate(self._size)
        return len(half)

    def append(self, line: bytes) -> None:
        """Write one line whole, or none of it."""
        data = memoryview(line + b"\n")
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            self._truncate(self._size)
            raise self._failed("cannot be written", error) from error
        self._size += len(data)

    def clear(self) -> None:
        """Forget every line."""
        self._truncate(0)

    def _truncate(self, size: int) -> None:
        try:
            os.ftruncate(self._file, size)
        except OSError as error:
            raise self._failed("cannot be cut", error) from error
        self._size = size

    def _failed(self, what: str, error: Exception) -> JournalError:
        return JournalError(f"The ledger {self._path} {what}: {error}")
