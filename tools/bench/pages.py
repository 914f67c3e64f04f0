"""How the pages answer while a bulk run sends thousands of permits."""

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import requests

from tools.bench.installation import Databases, Installation
from tools.bench.limit import CONNECTIONS
from tools.bench.programs import Sandbox, wait_until
from tools.bench.report import Figure, Row, Table

BULK: Final = 5000  # permits in the bulk run
DELAY: Final = 0.05  # seconds that the controller takes for a call
VISITS: Final = 60  # of each page, at rest and during the run
WARMING_UP: Final = 10  # visits before the measured ones
WANTED: Final = 2.0  # times what it takes idle
PAUSE: Final = 0.05  # seconds between two visits of the one clerk


def pages(databases: Databases) -> Table:
    """Visit the list and push single permits, with the worker at rest and during a bulk run."""
    table = Table(
        "Sending: the pages during a bulk run",
        "One clerk visits the list of permits and pushes single permits from their pages, "
        f"{VISITS} times each, with the worker at rest and during a bulk run of {BULK:,} permits "
        f"over {CONNECTIONS} connections; the controller takes {DELAY * 1000:.0f} ms for a call, "
        "which the push waits for. Wanted is at most twice the time at rest.",
        ["at rest"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        with Sandbox(delay=DELAY) as sandbox:
            table.rows += _measure(databases, engine, sandbox)
    return table


@dataclass(frozen=True)
class _Visit:
    """One visit of both pages."""

    listing: float  # seconds that the list took
    pushing: float  # seconds that the push took
    ended_at: float  # by the clock


class _Clerk:
    """A signed-in session."""

    def __init__(self, url: str, cookies: dict[str, str]) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.cookies.update(cookies)
        self.session.headers.update({"X-CSRFToken": cookies["csrftoken"], "Referer": url})

    def visit(self, permits: Iterable[int]) -> list[_Visit]:
        """Visit the list and push a permit, one after the other."""
        visits = []
        for permit in permits:
            listing = self._ask("GET", "/permits/permit/", 200)
            pushing = self._ask("POST", f"/permits/permit/{permit}/push/", 302)
            visits.append(_Visit(listing, pushing, time.time()))
            time.sleep(PAUSE)
        return visits

    def _ask(self, method: str, path: str, status: int) -> float:
        began = time.monotonic()
        answer = self.session.request(method, self.url + path, allow_redirects=False, timeout=60)
        took = time.monotonic() - began
        if answer.status_code != status:
            raise RuntimeError(f"{path} was answered {answer.status_code}:\n{answer.text[:2000]}")
        return took


def _measure(databases: Databases, engine: str, sandbox: Sandbox) -> list[Row]:
    with Installation.new(databases, engine, sandbox.url) as portal:
        url, server = portal.serve()
        clerk = _Clerk(url, portal.step("sign_in"))
        wait_until(lambda: _answers(clerk), within=30)
        (worker,) = portal.start_workers((CONNECTIONS,))
        clerk.visit(portal.step("fill", WARMING_UP))
        at_rest = clerk.visit(portal.step("fill", VISITS))
        portal.step("fill", BULK)
        batch = portal.step("start_push")["batch"]
        visits = clerk.visit(portal.step("fill", VISITS))
        result = portal.step("wait_for", batch)
        locked = sum(words.count("is locked") for words in (server.words(), worker.words()))
    if set(result["permits"]) != {"synced"}:
        raise RuntimeError(f"Not every permit was sent: {result}")
    in_run = [visit for visit in visits if visit.ended_at < result["ended"]]
    if len(in_run) < VISITS // 2:
        raise RuntimeError(f"The run was over after {len(in_run)} visits.")
    return [
        *_compare(f"{engine}, list", [v.listing for v in at_rest], [v.listing for v in in_run]),
        *_compare(f"{engine}, push", [v.pushing for v in at_rest], [v.pushing for v in in_run]),
        Row(f'{engine}, "database is locked"', Figure(locked, wanted=0, digits=0)),
    ]


def _compare(what: str, at_rest: list[float], in_run: list[float]) -> Iterator[Row]:
    for name, of in _SUMMARIES.items():
        quiet = Figure(of(at_rest) * 1000, "ms", digits=0)
        busy = Figure(of(in_run) * 1000, "ms", WANTED * quiet.measured, digits=0)
        yield Row(f"{what}, {name}", busy, [quiet.say(quiet.measured)])


_SUMMARIES: Final[dict[str, Callable[[list[float]], float]]] = {
    "median": statistics.median,
    "95th percentile": lambda took: statistics.quantiles(took, n=20)[-1],
}


def _answers(clerk: _Clerk) -> Any:
    try:
        return requests.get(f"{clerk.url}/login/", timeout=10).ok
    except requests.ConnectionError:
        return False
