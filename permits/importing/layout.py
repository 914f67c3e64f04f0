"""What a file looks like, and what its columns show together: the first look at it.

The whole file is read once for this: only then is it known how many rows there are, and whether its
dates can be read one way only.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from permits.importing.columns import Columns
from permits.importing.csv_files import CsvFile
from permits.importing.rows import Table
from permits.importing.times import Column
from permits.importing.unreadable import Unreadable
from permits.stored import said

TIMES: Final = ("start_time", "end_time")
SIGN_EVERY: Final = 50_000  # rows between two signs of life


@dataclass(frozen=True)
class Layout:
    """A file's format, columns, and how its dates are read; it is kept with the import."""

    format: str  # `csv` or `xlsx`
    words: str  # the format, said to a person
    header: list[str]
    fields: dict[str, int]
    in_utc: list[str]
    encoding: str = ""  # of a CSV file
    delimiter: str = ""  # of a CSV file
    times: dict[str, Column] = field(default_factory=dict)
    notes: int = 0  # rows that say something of the file

    @property
    def columns(self) -> Columns:
        """Where each field stands in a row."""
        return Columns(tuple(self.header), self.fields, frozenset(self.in_utc))

    def as_json(self) -> dict[str, Any]:
        """Return it as the database keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Layout":
        """Return it from what the database has kept."""
        times = {name: Column(**column) for name, column in kept["times"].items()}
        return cls(**{**kept, "times": times})


def survey(table: Table, *, sign_of_life: Callable[[], None]) -> tuple[Layout, int]:
    """Return a file's layout and how many rows it has. Raises `Unreadable`."""
    rows = table.rows()
    first = next(rows, None)
    if first is None:
        raise Unreadable(said("The file is empty."))
    columns = Columns.of([str(cell) for cell in first.cells])
    times = {name: Column() for name in TIMES}
    looks = [(columns.fields[name], times[name].look) for name in TIMES]
    total = notes = 0
    for row in rows:
        if row.is_note:
            notes += 1
            continue
        total += 1
        if total % SIGN_EVERY == 0:
            sign_of_life()
        for position, look in looks:
            if position < len(row.cells):
                look(row.cells[position])
    if not total:
        raise Unreadable(said("The file has a first row that names its columns, and no other row."))
    of_csv = (
        {"encoding": table.encoding, "delimiter": table.delimiter}
        if isinstance(table, CsvFile)
        else {}
    )
    return (
        Layout(
            format=table.format,
            words=table.in_words(),
            header=list(columns.header),
            fields=columns.fields,
            in_utc=sorted(columns.in_utc),
            times=times,
            notes=notes,
            **of_csv,
        ),
        total,
    )
