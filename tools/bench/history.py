"""The sync history, against a stock admin over the same table, at two sizes; and its files."""

import json
from collections.abc import Iterator
from typing import Any, Final

from tools.bench.histories import FORMS, FULLER
from tools.bench.installation import Databases, Installation
from tools.bench.report import Figure, Row, Table
from tools.bench.visits import ROUNDS, VISITS, measure

FEW: Final = 50_000
MANY: Final = 5_000_000
WANTED: Final = 1.3  # times our own time at the smaller size
DAYS: Final = (2, 20)  # whose calls a file has; ten times the rows must not take more memory
MORE_MEMORY: Final = 8.0  # MB


def history(databases: Databases, part: int = 1) -> Table:
    """Visit the pages of the history on each database."""
    few, many = FEW // part, MANY // part
    table = Table(
        f"The sync history at {many:,}, against a stock admin at {few:,}",
        "The time of a page, in its process and without a network, of up to 50 calls: the median "
        f"of {VISITS} visits, in the quickest of {ROUNDS} rounds. There "
        "are five calls a permit and five thousand a day; the ten oldest alone have a rare person, "
        "source and error code. Stock is a `ModelAdmin` with the same columns, filters and search "
        f"over the same table, in Django's own templates, at {few:,}. Wanted is stock's time at "
        f"most, and at {many:,} no more than {WANTED} times our own at {few:,} either, but for "
        f"{FULLER}: that has a handful of calls at the one and fifty at the other.",
        ["stock"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        sizes = {few: ("ours", "stock"), many: ("ours",)}
        times = measure(databases, engine, "tools.bench.histories", sizes)
        for page, took in times[few, "ours"].items():
            stock = [each for name, each in times[few, "stock"].items() if name == page]
            later = times[many, "ours"][page]
            table.rows += [
                _row(f"{engine}, {page}, at {few:,}", took, stock, stock),
                _row(f"{engine}, {page}, at {many:,}", later, stock, [*stock, *_own(page, took)]),
            ]
    return table


def _own(page: str, took: float) -> list[float]:
    """Return what a page is measured by of our own: nothing where it shows more calls then."""
    return [] if page == FULLER else [WANTED * took]


def _row(what: str, took: float, stock: list[float], wanted: list[float]) -> Row:
    figure = Figure(took, "ms", min(wanted, default=None), digits=1)
    return Row(what, figure, [f"{each:,.0f} ms" for each in stock])


def files(databases: Databases, part: int = 1) -> Table:
    """Fetch the history as files, and compare the memory of long ones with that of short ones."""
    short, long = DAYS
    table = Table(
        "The sync history as a file",
        f"Calls of {short} days and of {long}, five thousand a day, each file in a process of its "
        "own that throws it away; the time and the peak of memory are the process's.",
        ["rows/s"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        with Installation.new(databases, engine, "http://127.0.0.1:9") as portal:
            portal.variables["ALLOWED_HOSTS"] = "testserver"
            portal.run("-m", "tools.bench.histories", "fill", str((long + 1) * 5_000 // part))
            for number, form in enumerate(FORMS):
                table.rows += _compare(
                    f"{engine}, {form}",
                    *(_export(portal, number, days) for days in (short, long)),
                )
    return table


def _compare(what: str, short: Any, long: Any) -> Iterator[Row]:
    each = Figure(long["took"] / long["rows"] * 1e6, "µs", digits=0)
    yield Row(f"{what}, a row", each, [f"{long['rows'] / long['took']:,.0f}"])
    more = Figure(max(long["peak"] - short["peak"], 0.0), "MB", MORE_MEMORY, digits=1)
    yield Row(f"- memory of {long['rows']:,} rows above that of {short['rows']:,}", more)


def _export(portal: Installation, form: int, days: int) -> Any:
    printed = portal.run("-m", "tools.bench.histories", "export", str(form), str(days))
    return json.loads(printed.splitlines()[-1])
