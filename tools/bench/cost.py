"""What sending a permit costs the processor, and where that goes."""

import json
from collections import Counter
from typing import Any, Final

from tools.bench.installation import Databases, Installation
from tools.bench.limit import CONNECTIONS, check, peer
from tools.bench.programs import Sandbox
from tools.bench.report import Figure, Row, Table

PERMITS: Final = 3000
WANTED: Final = 3.0  # milliseconds of processor time a permit
ROUNDS: Final = 5  # of which the cheapest counts: neighbours on the machine only ever add
ROOMS: Final = {
    "claim": "claim: choose a permit, write the call down",
    "HTTP": "call: the HTTP request and its answer",
    "record": "record: write down what came of it",
    "feeding": "feed the run's permits to the queue",
}


def cost(databases: Databases) -> Table:
    """Push permits to a controller that answers at once."""
    table = Table(
        "Sending: the cost of a permit",
        f"{PERMITS:,} permits, one worker with {CONNECTIONS} connections, a controller that "
        "answers at once. Processor time is user and system together, of the worker alone, per "
        f"permit, in the cheapest of {ROUNDS} runs. The rooms are measured in as many runs of "
        "their own, and counting costs a little itself.",
        ["permits/s"],
    )
    with Sandbox() as sandbox:
        for engine in ("SQLite", "PostgreSQL"):
            result, spent, _ = _cheapest(databases, engine, sandbox, watched=False)
            table.rows.append(
                _row(f"permitportal, {engine}", spent, WANTED, f"{PERMITS / result['took']:,.0f}")
            )
            _, spent, counted = _cheapest(databases, engine, sandbox, watched=True)
            table.rows += _rooms(spent, counted)
        pools = [peer("pool", sandbox, PERMITS, 0, CONNECTIONS) for _ in range(ROUNDS)]
        pool = min(pools, key=lambda each: float(each["cpu"]))
    rate = f"{PERMITS / pool['took']:,.0f}"
    table.rows.append(
        _row("16 threads with a session each, no bookkeeping", pool["cpu"], None, rate)
    )
    return table


def _cheapest(
    databases: Databases, engine: str, sandbox: Sandbox, *, watched: bool
) -> tuple[Any, float, dict[str, Counter[str]]]:
    """Push in so many rounds; what `_push` returned of the one that took the least."""
    rounds = [_push(databases, engine, sandbox, watched=watched) for _ in range(ROUNDS)]
    return min(rounds, key=lambda each: each[1])


def _push(
    databases: Databases, engine: str, sandbox: Sandbox, *, watched: bool
) -> tuple[Any, float, dict[str, Counter[str]]]:
    """Return what came of the run, its seconds of processor time, and what was counted."""
    sandbox.forget(delay=0)
    with Installation.new(databases, engine, sandbox.url) as portal:
        portal.step("fill", PERMITS)
        (worker,) = portal.start_workers((CONNECTIONS,), watched=watched)
        before = worker.cpu()
        result = portal.step("push_all")
        spent = worker.cpu() - before
        check(result, sandbox, PERMITS)
        words = worker.end()
    counted = json.loads(words.splitlines()[-1]) if watched else {}
    return result, spent, {name: Counter(counts) for name, counts in counted.items()}


def _rooms(spent: float, counted: dict[str, Counter[str]]) -> list[Row]:
    rooms = counted["spent"]
    rows = [_row(f"- {about}", rooms[room]) for room, about in ROOMS.items()]
    rows.append(_row("- the rest: threads, queue, counting", spent - sum(rooms.values())))
    for what in ("transaction", "statement"):
        done = sum(counted[what][room] for room in ("claim", "record")) / PERMITS
        # A claim that finds nothing, at a run's end, is a transaction too.
        figure = Figure(done, wanted=2.1 if what == "transaction" else None)
        rows.append(Row(f"- {what}s of claim and record, per permit", figure))
    return rows


def _row(what: str, seconds: float, wanted: float | None = None, rate: str = "") -> Row:
    return Row(what, Figure(seconds / PERMITS * 1000, "ms", wanted), [rate])
