"""Clerks at their desks, each with a session, a kept-alive connection and time to think.

    python -m tools.bench.clerks {ours|stock} URL SECONDS < sessions.json

Half of them have the list open and look things up; the others search, open a permit, and enter and
push a new one, in turn. It prints what each page took, and the processor time that it cost itself.
"""

import json
import random
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPResponse
from select import select
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

THINKS: Final = (2.0, 6.0)  # seconds from an answer to the next action, at the least and the most
LIST: Final = "/permits/permit/"
STOCKED: Final = "/stocked/permit/"
_PERMIT: Final = re.compile(r"/permit/(\d+)/change/")


@dataclass
class Clerk:
    """One person, whose actions follow each other until the time is up."""

    address: str
    kind: str  # ours or stock
    cookies: dict[str, str]
    number: int
    visits: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open no connection yet; choose by chance, but the same in each run."""
        self.dice = random.Random(self.number)  # noqa: S311 - it guards nothing
        self.list = LIST if self.kind == "ours" else STOCKED
        self.connection = HTTPConnection(self.address, timeout=60)
        self.seen: list[str] = []  # permits on the list that was shown last
        self.entered = 0

    def work(self, ends: float) -> None:
        """Act and think until the time is up."""
        actions = (
            [self.look, self.search] if self.number % 2 else [self.search, self.open, self.enter]
        )
        turn = self.number
        self._think(0, THINKS[1])  # they do not begin together
        while time.monotonic() < ends:
            actions[turn % len(actions)]()
            turn += 1
            self._think(*THINKS)
        self.connection.close()

    def look(self) -> None:
        """Look at the first page of the list."""
        self._note("list", "GET", self.list)

    def search(self) -> None:
        """Look for a part of a plate."""
        plate = self.dice.choice(["QX7", "AQX7 101", "AQX7 11"])
        self._note("search", "GET", f"{self.list}?{urlencode({'q': plate})}")

    def open(self) -> None:
        """Open a permit of the last list."""
        if self.seen:
            permit = self.dice.choice(self.seen)
            self._note("open a permit", "GET", f"{self.list}{permit}/change/")

    def enter(self) -> None:
        """Open the form of a new permit, push it, and see what came of it."""
        self._note("the form", "GET", f"{self.list}add/")
        self.entered += 1
        # Of one length: "L2 21" and "L22 1" would be one vehicle's plate.
        fields = self._fields(f"L{self.number:02} {self.entered:04}")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-CSRFToken": self.cookies["csrftoken"],
            "Referer": f"http://{self.address}/",
        }
        self._think(*THINKS)
        answer = self._note("push", "POST", f"{self.list}add/", urlencode(fields), headers)
        if answer is not None and (place := answer.headers["Location"]):
            self._note("after the push", "GET", place)

    def _fields(self, plate: str) -> dict[str, str]:
        now = datetime.now(UTC).replace(microsecond=0)
        start, end = now + timedelta(days=1), now + timedelta(days=1, hours=2)
        common = {"plate": plate, "amount": "4.00", "currency": "CAD", "ticket_number": ""}
        if self.kind == "ours":
            return common | {
                "zone": "Lot 1",
                "start_time": f"{start:%Y-%m-%dT%H:%M:%S}",
                "end_time": f"{end:%Y-%m-%dT%H:%M:%S}",
                "version": "1",
                "opened": now.isoformat(),
                "_push": "1",
            }
        return common | {
            "zone": "1",
            "start_time_0": f"{start:%Y-%m-%d}",
            "start_time_1": f"{start:%H:%M:%S}",
            "end_time_0": f"{end:%Y-%m-%d}",
            "end_time_1": f"{end:%H:%M:%S}",
            "_continue": "1",
        }

    def _note(
        self, what: str, method: str, path: str, body: str = "", headers: Any = None
    ) -> HTTPResponse | None:
        """Ask for a page, and note what it took and whether it came."""
        if self.connection.sock and select([self.connection.sock], [], [], 0)[0]:
            self.connection.close()  # the server has closed it meanwhile, as a browser would see
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        began = time.monotonic()
        try:
            self.connection.request(method, path, body, {"Cookie": cookie, **(headers or {})})
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, HTTPException) as error:
            self.connection.close()
            self.visits.append(
                {"what": what, "took": time.monotonic() - began, "error": str(error)}
            )
            return None
        took = time.monotonic() - began
        wanted = 302 if method == "POST" else 200
        visit = {"what": what, "took": took, "error": ""}
        if answer.status != wanted:
            visit["error"] = f"{path} was answered {answer.status}: {text[:500]}"
        if method == "POST":
            permit = _PERMIT.search(answer.headers["Location"] or "")
            visit["permit"] = permit[1] if permit else ""
            visit["controller"] = float(answer.headers["X-Controller-Seconds"] or 0)
        elif what in ("list", "search"):
            self.seen = _PERMIT.findall(text)[:50]
        self.visits.append(visit)
        return answer

    def _think(self, least: float, most: float) -> None:
        time.sleep(self.dice.uniform(least, most))


def main(kind: str, url: str, seconds: float) -> None:
    """Let them work for so long, and print what they saw."""
    sessions = json.load(sys.stdin)
    address = urlsplit(url).netloc
    clerks = [Clerk(address, kind, cookies, n) for n, cookies in enumerate(sessions)]
    began, cost = time.monotonic(), time.process_time()
    threads = [threading.Thread(target=each.work, args=[began + seconds]) for each in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    visits = [visit for clerk in clerks for visit in clerk.visits]
    took, cpu = time.monotonic() - began, time.process_time() - cost
    print(json.dumps({"took": took, "cpu": cpu, "visits": visits}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
