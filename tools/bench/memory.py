"""Whether a worker's memory stays flat over a long run."""

import sqlite3
import time
from contextlib import closing
from typing import Final

from tools.bench.installation import Databases, Installation
from tools.bench.limit import CONNECTIONS
from tools.bench.programs import Program, Sandbox
from tools.bench.report import Figure, Row, Table

SAMPLES: Final = (5_000, 25_000, 50_000, 75_000, 100_000)  # permits sent
GROWTH: Final = 1.1  # the most that is wanted, from the first sample to any other
LOOK_EVERY: Final = 0.5  # seconds
PATIENCE: Final = 3600.0  # seconds for the whole run


def memory(databases: Databases) -> Table:
    """Push many permits through one worker, and look at its memory along the way."""
    table = Table(
        "Sending: the memory of a worker",
        f"{SAMPLES[-1]:,} permits, SQLite, one worker with {CONNECTIONS} connections, a controller "
        "that answers at once: its resident memory after so many permits.",
        ["seconds"],
    )
    with (
        Sandbox() as sandbox,
        Installation.new(databases, "SQLite", sandbox.url) as portal,
        closing(sqlite3.connect(portal.variables["DATABASE_URL"].removeprefix("sqlite:///"))) as db,
    ):
        portal.step("fill", SAMPLES[-1])
        (worker,) = portal.start_workers((CONNECTIONS,))
        portal.step("start_push")
        began = time.monotonic()
        first = None
        for sent in SAMPLES:
            _wait_for(db, sent, worker)
            figure = Figure(worker.memory(), "MB", first and GROWTH * first, digits=0)
            first = first or figure.measured
            seconds = f"{time.monotonic() - began:,.0f}"
            table.rows.append(Row(f"after {sent:,} permits", figure, [seconds]))
    return table


def _wait_for(database: sqlite3.Connection, sent: int, worker: Program) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        count = "SELECT count(*) FROM permits_syncattempt WHERE outcome = 'succeeded'"
        (done,) = database.execute(count).fetchone()
        if done >= sent:
            return
        time.sleep(LOOK_EVERY)
    raise RuntimeError(f"The run has not come to {sent:,} permits:\n{worker.words()[-2000:]}")
