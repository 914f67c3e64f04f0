"""Sending against a slow controller: how near a bulk run comes to what the connections allow."""

import json
import subprocess
import sys
from typing import Any, Final

from tools.bench.installation import Databases, Installation
from tools.bench.programs import ROOT, Sandbox
from tools.bench.report import Figure, Row, Table

PERMITS: Final = 2000
DELAY: Final = 0.1  # seconds that the controller takes for a call
CONNECTIONS: Final = 16
LIMIT: Final = PERMITS * DELAY / CONNECTIONS
WANTED: Final = 1.07 * LIMIT
ROUNDS: Final = 2  # of which the quicker counts: neighbours on the machine only ever add
LOOPED: Final = 200  # permits that the peer without connections to keep pushes
WORKERS: Final = {"one worker": (16,), "three workers": (6, 5, 5)}


def limit(databases: Databases) -> Table:
    """Push permits in a bulk run, and the same by peers."""
    with Sandbox() as sandbox:
        looped = peer("loop", sandbox, LOOPED, DELAY)["took"] * PERMITS / LOOPED
        found: dict[str, list[float]] = {}
        for _ in range(ROUNDS):
            pool = peer("pool", sandbox, PERMITS, DELAY, CONNECTIONS)["took"]
            found.setdefault("a pool", []).append(pool)
            for engine in ("SQLite", "PostgreSQL"):
                for workers, connections in WORKERS.items():
                    took = _push(databases, engine, sandbox, connections)
                    found.setdefault(f"{engine}, {workers}", []).append(took)
    quickest = {name: min(tries) for name, tries in found.items()}
    pool = quickest.pop("a pool")
    table = Table(
        "Sending: a bulk run against its limit",
        f"{PERMITS:,} permits, a controller that takes {DELAY * 1000:.0f} ms for each, "
        f"{CONNECTIONS} connections in all: no software can be quicker than {LIMIT:.1f} s. "
        "Measured is from the start of the run until the last permit is on the controller, the "
        f"quicker of {ROUNDS} rounds.",
        ["of the limit", "of the pool"],
    )
    for name, took in quickest.items():
        table.rows.append(_row(f"permitportal, {name}", took, pool, WANTED))
    table.rows.append(_row("16 threads with a session each, no bookkeeping", pool, pool))
    table.rows.append(_row(f"requests.post in a loop, scaled from {LOOPED} permits", looped, pool))
    return table


def peer(how: str, sandbox: Sandbox, permits: int, delay: float, connections: int = 1) -> Any:
    """Have a peer do the work; the seconds it took, and those of processor time."""
    sandbox.forget(delay=delay)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tools.bench.peers"),
            *(how, sandbox.url, str(permits), str(connections)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def _push(
    databases: Databases, engine: str, sandbox: Sandbox, connections: tuple[int, ...]
) -> float:
    sandbox.forget(delay=DELAY)
    with Installation.new(databases, engine, sandbox.url) as portal:
        portal.step("fill", PERMITS)
        portal.start_workers(connections)
        result = portal.step("push_all")
        check(result, sandbox, PERMITS)
    return float(result["took"])


def check(result: Any, sandbox: Sandbox, permits: int) -> None:
    """Raise where speed was bought with a permit that was lost or pushed twice."""
    if result["permits"] != {"synced": permits} or sandbox.pushes() != permits:
        raise RuntimeError(f"{permits} permits became {result}, {sandbox.pushes()} records.")


def _row(what: str, took: float, pool: float, wanted: float | None = None) -> Row:
    return Row(what, Figure(took, "s", wanted), [f"{took / LIMIT:.2f}", f"{took / pool:.2f}"])
