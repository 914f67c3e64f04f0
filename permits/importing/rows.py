"""A row of a file, and what a file of any format offers."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from permits.importing.cells import Cell

_NOTE: Final = "# "
_VALUES_OF_A_NOTE: Final = 2


class Row(NamedTuple):
    """A row that is not blank."""

    line: int  # its first line in the file, or its row in the sheet, counted from 1
    cells: Sequence[Cell]

    @property
    def is_note(self) -> bool:
        """Whether it is none of the permits, but says something of the file.

        An exported list ends with such rows. They have two values at most, fewer than a permit.
        """
        first = next(filter(None, self.cells), "")
        if not (isinstance(first, str) and first.startswith(_NOTE)):
            return False
        return sum(cell not in ("", None) for cell in self.cells) <= _VALUES_OF_A_NOTE


class Table(Protocol):
    """A file that is read row by row, as often as one likes."""

    @property
    def format(self) -> str:
        """What it ends in: `csv` or `xlsx`."""

    def in_words(self) -> str:
        """Say what kind of file it is."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are not blank; the first names the columns."""
