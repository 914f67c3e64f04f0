"""What the clients note: one JSON line for each thing done, written before the next is begun."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Note = dict[str, Any]


class Diary:
    """One client process's notes. A process that is killed loses none that it has finished."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._lock = threading.Lock()

    def note(self, did: str, **details: object) -> None:
        """Write down one thing.

        saved     a permit of this ticket number is the portal's now: it said so
        asked     it was asked to be sent, and the portal had written that down
        left      an edit of it was saved, and nobody asked for it to be sent
        page      a page was answered with this status
        refused   a form came back, with the reasons it gave
        wrong     something that must not happen
        """
        line = json.dumps({"at": datetime.now(UTC).isoformat(), "did": did, **details})
        with self._lock:
            self._file.write(line + "\n")


class Diaries:
    """The notes of all clients, read at the end."""

    def __init__(self, folder: Path) -> None:
        self._notes = [
            json.loads(line)
            for path in sorted(folder.glob("*.diary"))
            for line in path.read_text().splitlines()
        ]

    def of(self, did: str) -> Iterator[Note]:
        """The notes of one kind."""
        return (note for note in self._notes if note["did"] == did)

    def tickets(self, did: str) -> set[str]:
        """The ticket numbers in the notes of one kind."""
        return {note["ticket"] for note in self.of(did)}

    def done(self) -> Counter[str]:
        """How often each thing was done, by its name."""
        return Counter(note["name"] for note in self.of("acted"))
