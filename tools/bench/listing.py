"""The list of permits, against a stock admin over the same table, at two sizes."""

import json
from typing import Final

from tools.bench.installation import Databases, Installation
from tools.bench.report import Figure, Row, Table

FEW: Final = 20_000
MANY: Final = 1_000_000
WANTED: Final = 1.3  # times our own time at the smaller size


def listing(databases: Databases) -> Table:
    """Visit the pages of both lists on each database."""
    table = Table(
        "The list of permits at a million, against a stock admin",
        "The median time of a page, in its process and without a network, of up to 50 permits. The "
        f"office enters a thousand a day: {FEW:,} permits are those of three weeks, {MANY:,} of "
        "three years. The page in the middle is the 200th and the 10,000th. Stock is a "
        "`ModelAdmin` with the same columns over the same table, in Django's own templates. At "
        f"{MANY:,} permits {WANTED} times our own time at {FEW:,} is wanted at most, and there no "
        "more than stock's.",
        [f"stock at {FEW:,}", f"stock at {MANY:,}"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        few, many = (_measure(databases, engine, count) for count in (FEW, MANY))
        for page, took in few["ours"].items():
            besides = [f"{size['stock'][page]:,.0f} ms" for size in (few, many)]
            name = f"{engine}, {page}"
            table.rows += [
                Row(f"{name}, at {FEW:,}", _figure(took, few["stock"][page]), besides),
                Row(f"{name}, at {MANY:,}", _figure(many["ours"][page], WANTED * took), besides),
            ]
    return table


def _measure(databases: Databases, engine: str, count: int) -> dict[str, dict[str, float]]:
    """Fill a portal, and visit both lists; the milliseconds of each page."""
    with Installation.new(databases, engine, "http://127.0.0.1:9") as portal:
        portal.variables["ALLOWED_HOSTS"] = "testserver"
        portal.run("-m", "tools.bench.lists", "fill", str(count))
        found = {}
        for whose in ("ours", "stock"):
            printed = portal.run("-m", "tools.bench.lists", whose)
            found[whose] = json.loads(printed.splitlines()[-1])
        return found


def _figure(took: float, wanted: float) -> Figure:
    return Figure(took, "ms", wanted, digits=1)
