"""The list of permits, against a stock admin over the same table, at two sizes."""

import json
import statistics
from collections import defaultdict
from contextlib import ExitStack
from typing import Final

from tools.bench.installation import Databases, Installation
from tools.bench.report import Figure, Row, Table

FEW: Final = 20_000
MANY: Final = 1_000_000
ROUNDS: Final = 3  # in turn, so that what else the machine does falls on every list
WANTED: Final = 1.3  # times our own time at the smaller size

Times = dict[str, float]  # of each page, in milliseconds


def listing(databases: Databases, part: int = 1) -> Table:
    """Visit the pages of both lists on each database."""
    few, many = FEW // part, MANY // part
    table = Table(
        f"The list of permits at {many:,}, against a stock admin",
        "The median time of a page, in its process and without a network, of up to 50 permits. The "
        f"office enters a thousand a day: {few:,} permits are those of {_days(few)} days, {many:,} "
        f"of {_days(many)}. The page in the middle is number {few // 100:,} and number "
        f"{many // 100:,}. Stock is a `ModelAdmin` with the same columns over the same table, in "
        f"Django's own templates. Wanted is stock's time at {few:,} at most, and at {many:,} "
        f"permits no more than {WANTED} times our own at {few:,} either.",
        [f"stock at {few:,}", f"stock at {many:,}"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        times = _measure(databases, engine, few, many)
        for page, took in times[few, "ours"].items():
            stock = [times[size, "stock"][page] for size in (few, many)]
            besides = [f"{each:,.0f} ms" for each in stock]
            later = times[many, "ours"][page]
            name = f"{engine}, {page}"
            table.rows += [
                Row(f"{name}, at {few:,}", _figure(took, stock[0]), besides),
                Row(f"{name}, at {many:,}", _figure(later, min(WANTED * took, stock[0])), besides),
            ]
    return table


def _measure(databases: Databases, engine: str, *sizes: int) -> dict[tuple[int, str], Times]:
    """Fill a portal of each size, and visit both lists of each; the median time of each page."""
    visits: dict[tuple[int, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        portals = {}
        for size in sizes:
            portal = stack.enter_context(Installation.new(databases, engine, "http://127.0.0.1:9"))
            portal.variables["ALLOWED_HOSTS"] = "testserver"
            portal.run("-m", "tools.bench.lists", "fill", str(size))
            portal.collect_static_files()
            portals[size] = portal
        for _ in range(ROUNDS):
            for whose in ("ours", "stock"):
                for size, portal in portals.items():
                    printed = portal.run("-m", "tools.bench.lists", whose)
                    for page, took in json.loads(printed.splitlines()[-1]).items():
                        visits[size, whose][page] += took
    return {
        key: {page: statistics.median(took) for page, took in pages.items()}
        for key, pages in visits.items()
    }


def _figure(took: float, wanted: float) -> Figure:
    return Figure(took, "ms", wanted, digits=1)


def _days(count: int) -> str:
    return f"{max(1, count // 1000):,}"
