"""`make bench`: measure, print the tables, and fail where a wanted value is missed."""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tools.bench import document
from tools.bench.cost import cost
from tools.bench.desk import desk
from tools.bench.history import files, history
from tools.bench.importing import importing
from tools.bench.installation import Databases, Installation, databases
from tools.bench.limit import limit
from tools.bench.listing import listing
from tools.bench.load import load
from tools.bench.memory import memory
from tools.bench.pages import pages
from tools.bench.proof import proof
from tools.bench.report import Table
from tools.children import say

Benchmark = Callable[[Databases, int], Table]


def _whole(benchmark: Callable[[Databases], Table]) -> Benchmark:
    """Return a benchmark that knows one size only."""
    return lambda made, _part: benchmark(made)


# Each is given the databases, and the part of its size that it is run at: 50 means a fiftieth.
BENCHMARKS: Final[dict[str, Benchmark]] = {
    "sending.limit": _whole(limit),
    "sending.cost": _whole(cost),
    "sending.pages": _whole(pages),
    "sending.memory": _whole(memory),
    "import": importing,
    "proof": _whole(proof),
    "desk": desk,
    "list": listing,
    "load": load,
    "history.pages": history,
    "history.files": files,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen benchmarks; the exit code, 1 where a wanted value is missed."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("--only", default="", help="a section, or one part of it")
    parser.add_argument("--write", type=Path, help="put the tables into this document")
    parser.add_argument(
        "--part", type=int, default=1, help="run list, load, history, import and desk at a PARTth"
    )
    parser.add_argument("--list", action="store_true", help="name the benchmarks and end")
    options = parser.parse_args(arguments)
    if options.part < 1 or (options.part > 1 and options.write):
        parser.error("a part is a whole number, and only the whole is written into a document")
    chosen = [
        name for name in BENCHMARKS if not options.only or f"{name}.".startswith(f"{options.only}.")
    ]
    if options.list or not chosen:
        say("\n".join(BENCHMARKS))
        return 0 if options.list else 2
    # What was started is ended and removed on SIGTERM as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with databases() as made:
        machine = describe(made)
        say(f"{machine}\n")
        missed = [row for name in chosen for row in _measure(name, made, machine, options)]
    for row in missed:
        say(f"Missed: {row}")
    return 1 if missed else 0


def _measure(
    name: str, made: Databases, machine: str, options: argparse.Namespace
) -> Iterable[str]:
    table = BENCHMARKS[name](made, options.part)
    say(table.as_text())
    if options.write is not None:
        when = f"{datetime.now(UTC):%-d %B %Y}"
        document.put(options.write, table, f"`make bench ONLY={name}`, {when}: {machine}")
    return [f"{table.title}: {row.what}" for row in table.missed]


def describe(made: Databases) -> str:
    """Name the machine and the versions of what matters."""
    versions = {}
    for engine in ("SQLite", "PostgreSQL"):
        with Installation.new(made, engine, "http://127.0.0.1:9") as portal:
            versions[engine] = portal.step("versions")
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"Django {versions['SQLite']['django']}, SQLite {versions['SQLite']['database']}, "
        f"PostgreSQL {versions['PostgreSQL']['database']}."
    )


if __name__ == "__main__":
    sys.exit(main())
