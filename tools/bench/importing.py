"""An import of many permits, against a well-known package and against no import at all."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tools.bench.installation import Databases, Installation
from tools.bench.programs import ROOT
from tools.bench.report import Figure, Row, Table

ROWS: Final = 100_000
ROWS_OF_THE_SLOW: Final = 1_000  # what a peer without tuning imports; its time is scaled
TIMES_BARE: Final = 2.0  # the most that an import may take of a bare `bulk_create`
TIMES_PEER: Final = 15.0  # how much faster than the peer at its best, where it is not that


def importing(databases: Databases, part: int = 1) -> Table:
    """Import the same file in every way, on each database."""
    rows, rows_of_the_slow = ROWS // part, ROWS_OF_THE_SLOW // min(part, 10)
    table = Table(
        "Importing: a file against the same rows without one",
        f"{rows:,} good rows of CSV, from the file until all are written with their history. "
        "Processor time is the process's own; memory is its peak above what Django takes. Tuned, "
        "django-import-export checks no rule, finds no duplicate and writes no history; "
        f"otherwise it is scaled from {rows_of_the_slow:,} rows.",
        ["processor", "memory", "times bare"],
    )
    with tempfile.TemporaryDirectory() as folder:
        long, short = Path(folder) / "long.csv", Path(folder) / "short.csv"
        write(long, rows)
        write(short, rows_of_the_slow)
        for engine in ("SQLite", "PostgreSQL"):
            bare = _measure(databases, engine, "bare", long)
            tuned = _measure(databases, engine, "tuned", long)
            slow = _measure(databases, engine, "defaults", short)
            checked = _measure(databases, engine, "checked", short)
            wanted = max(TIMES_BARE * bare["took"], tuned["took"] / TIMES_PEER)
            ours = _measure(databases, engine, "ours", long)
            scale = rows / rows_of_the_slow
            for what, found, times, most in (
                ("permitportal: checked, confirmed, written", ours, 1.0, wanted),
                ("bulk_create of the rows, no check, no history", bare, 1.0, None),
                ("django-import-export, tuned, no rule checked", tuned, 1.0, None),
                ("django-import-export, its defaults, no rule checked", slow, scale, None),
                ("django-import-export, the model's rules checked", checked, scale, None),
            ):
                took = found["took"] * times
                table.rows.append(
                    Row(
                        f"{engine}, {what}",
                        Figure(took, "s", most, digits=1),
                        [
                            f"{found['processor'] * times:.1f} s",
                            f"{found['memory']:.0f} MB",
                            f"{took / bare['took']:.2f}",
                        ],
                    )
                )
    return table


def write(path: Path, count: int) -> None:
    """Write a CSV file of so many permits, no two times alike."""
    with path.open("w", encoding="utf-8") as file:
        file.write("plate,zone,ticket_number,start_time,end_time,amount,currency\n")
        for number in range(count):
            second = number * 7 % 86_400
            clock = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            day = 1 + number % 27
            file.write(
                f"BENCH {number},Lot {number % 10 + 1},T{number},2027-06-{day:02} {clock},"
                f"2027-06-{day + 1:02} {clock},12.50,CAD\n"
            )


def _peer() -> Path:
    """Install the package to measure against, beside the portal's own, and return where."""
    folder = ROOT / ".cache" / "bench"
    wanted = (ROOT / "requirements-bench.txt").read_text()
    mark = folder / "installed"
    if not mark.exists() or mark.read_text() != wanted:
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade")
        command = (sys.executable, "-m", "pip", "install", *options, "--target", str(folder))
        subprocess.run([*command, "-r", "requirements-bench.txt"], cwd=ROOT, check=True)
        mark.write_text(wanted)
    return folder


def _measure(databases: Databases, engine: str, how: str, path: Path) -> Any:
    with Installation.new(databases, engine, "http://127.0.0.1:9") as portal:
        portal.variables["PYTHONPATH"] = str(_peer())
        printed = portal.run("-m", "tools.bench.imports", how, str(path))
        return json.loads(printed.splitlines()[-1])
