"""What a person finds who looks on the controller itself: read from the sandbox's journal."""

import json
import threading
from pathlib import Path


class Truth:
    """The live records by ticket number, as far as the journal has been read."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._read = 0
        self._lock = threading.Lock()
        self._live: dict[str, list[str]] = {}  # ticket number -> references
        self._tickets: dict[str, str] = {}  # reference -> ticket number

    def references(self, ticket: str) -> list[str]:
        """The references of the live records of this ticket number, the oldest first."""
        with self._lock:
            self._catch_up()
            return list(self._live.get(ticket, ()))

    def _catch_up(self) -> None:
        with self._journal.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):  # still being written, or cut off by a kill
                    break
                self._read += len(line)
                self._follow(json.loads(line))

    def _follow(self, event: dict[str, object]) -> None:
        reference = str(event.get("reference"))
        if event["kind"] == "lost" or (event.get("operation") == "delete" and event["applied"]):
            ticket = self._tickets.get(reference, "")
            if reference in self._live.get(ticket, ()):
                self._live[ticket].remove(reference)
        elif event.get("operation") == "push" and event["applied"]:
            fields = event["fields"]
            assert isinstance(fields, dict)
            ticket = str(fields.get("permitNo", ""))
            self._tickets[reference] = ticket
            self._live.setdefault(ticket, []).append(reference)
