"""The list of permits, against a stock admin over the same table, at two sizes."""

from typing import Final

from tools.bench.installation import Databases
from tools.bench.report import Figure, Row, Table
from tools.bench.visits import ROUNDS, VISITS, measure

FEW: Final = 20_000
MANY: Final = 1_000_000
WANTED: Final = 1.3  # times our own time at the smaller size


def listing(databases: Databases, part: int = 1) -> Table:
    """Visit the pages of both lists on each database."""
    few, many = FEW // part, MANY // part
    table = Table(
        f"The list of permits at {many:,}, against a stock admin",
        "The time of a page, in its process and without a network, of up to 50 permits: the median "
        f"of {VISITS} visits, in the quickest of {ROUNDS} rounds. The "
        f"office enters a thousand a day: {few:,} permits are those of {_days(few)} days, {many:,} "
        f"of {_days(many)}. The page in the middle is number {few // 100:,} and number "
        f"{many // 100:,}. Stock is a `ModelAdmin` with the same columns over the same table, in "
        f"Django's own templates. Wanted is stock's time at {few:,} at most, and at {many:,} "
        f"permits no more than {WANTED} times our own at {few:,} either.",
        [f"stock at {few:,}", f"stock at {many:,}"],
    )
    for engine in ("SQLite", "PostgreSQL"):
        whose = ("ours", "stock")
        sizes = {few: whose, many: whose}
        times = measure(databases, engine, "tools.bench.lists", sizes)
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


def _figure(took: float, wanted: float) -> Figure:
    return Figure(took, "ms", wanted, digits=1)


def _days(count: int) -> str:
    return f"{max(1, count // 1000):,}"
