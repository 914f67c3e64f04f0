"""A row of a file, and what a file of any format offers."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from permits.importing.cells import Cell


class Row(NamedTuple):
    """A row that is not blank."""

    line: int  # its first line in the file, or its row in the sheet, counted from 1
    cells: Sequence[Cell]


class Table(Protocol):
    """A file that is read row by row, as often as one likes."""

    @property
    def format(self) -> str:
        """What it ends in: `csv` or `xlsx`."""

    def in_words(self) -> str:
        """Say what kind of file it is."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are not blank; the first names the columns."""
