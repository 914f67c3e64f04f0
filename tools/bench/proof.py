"""What the proof of the history costs: a call's links, verifying, archiving."""

import json
from typing import Any, Final

from tools.bench.installation import Databases, Installation
from tools.bench.report import Figure, Row, Table

ROUNDS: Final = 2000  # of calls, by turns with their links and without
PERMITS: Final = (1000, 10_000)  # with two calls each, thus four links; the memory must not grow
WANTED: Final = 0.2  # milliseconds that a call's two links may take
MORE_MEMORY: Final = 8.0  # MB that ten times the history may take more


def proof(databases: Databases) -> Table:
    """Time the links of calls, then verify and archive a history."""
    table = Table(
        "Proof of the history",
        "What two links add to the statements that write a call and its end, in wall time: calls "
        f"are written by turns with them and without, and of {ROUNDS} rounds of either the "
        "quickest counts. Then histories of permits with two calls each, verified and archived by "
        "a process of their own, whose peak of memory is compared between the smaller and the "
        "larger one.",
        ["links/s"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        with Installation.new(databases, engine, "http://127.0.0.1:9") as portal:
            spent = _step(portal, "link", ROUNDS)
            links = Figure(spent["links"] * 1000, "ms", WANTED, digits=3)
            table.rows.append(Row(f"a call's two links, {engine}", links))
            bare = Figure(spent["bare"] * 1000, "ms", digits=3)
            table.rows.append(Row("- what is written of the call without them", bare))
        peaks = []
        for permits in PERMITS:
            with Installation.new(databases, engine, "http://127.0.0.1:9") as portal:
                _step(portal, "write", permits)
                verified = _step(portal, "verify")
                archived = _step(portal, "archive")
            peaks.append((verified["peak"], archived["peak"]))
            if permits == PERMITS[-1]:
                for what, done in (("verifying", verified), ("archiving", archived)):
                    each = Figure(done["took"] / done["links"] * 1e6, "µs")
                    rate = f"{done['links'] / done['took']:,.0f}"
                    table.rows.append(Row(f"{what} a link, {engine}", each, [rate]))
        for place, what in enumerate(("verifying", "archiving")):
            more = (peaks[1][place] - peaks[0][place]) / 1e6
            figure = Figure(max(more, 0.0), "MB", MORE_MEMORY, digits=1)
            table.rows.append(Row(f"- {what} ten times as much: memory, {engine}", figure))
    return table


def _step(portal: Installation, *arguments: object) -> Any:
    printed = portal.run("-m", "tools.bench.proving", *map(str, arguments))
    return json.loads(printed.splitlines()[-1])
