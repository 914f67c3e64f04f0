"""Read one row: each cell by the rule of its field, then what lies between the fields.

These are the rules of the model and its form, without what makes them slow for a million rows; a
test holds the two to the same verdict.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from permits import limits
from permits.importing import cells
from permits.importing.cells import Cell
from permits.importing.columns import REQUIRED, label
from permits.importing.duplicates import GoodRow
from permits.importing.layout import TIMES, Layout
from permits.importing.rows import Row
from permits.importing.times import Column, Reader
from permits.importing.zones import ZoneReader
from permits.stored import said

REMEMBERED: Final = 4096
SHOWN: Final = 200  # characters of a value that a problem repeats
_ERROR: Final = "#ERROR!"


@dataclass(frozen=True)
class Problem:
    """Why a row cannot be written."""

    column: str  # as people know it; empty where the row as a whole is meant
    value: str
    sentence: str


class RowReader:
    """Reads the rows of one file."""

    def __init__(self, layout: Layout) -> None:
        self.zones = ZoneReader()
        self._width = len(layout.header)
        amount = partial(cells.amount, decimal_comma=layout.delimiter == ";")
        readers: dict[str, Callable[[Any], Any]] = {
            "plate": cells.plate,
            "zone": self.zones,
            "ticket_number": cells.ticket_number,
            **{name: _time_reader(layout, name) for name in TIMES},
            # `typed`: to a cache 1, 1.0 and True are the same.
            "amount": lru_cache(REMEMBERED, typed=True)(amount),
            "currency": lru_cache(REMEMBERED, typed=True)(cells.currency),
        }
        self._readers = [
            (field, position, readers[field], field in REQUIRED)
            for field, position in layout.fields.items()
        ]
        self._nothing = {"zone": None, "ticket_number": "", "amount": None, "currency": ""}

    def read(self, row: Row) -> GoodRow | list[Problem]:
        """Return what the row says, or everything that is wrong with it."""
        given = row.cells
        values: dict[str, Any] = dict(self._nothing)
        problems = []
        for field, position, reader, is_required in self._readers:
            cell = given[position] if position < len(given) else ""
            try:
                if cell == "":
                    _refuse_empty(field, is_required=is_required)
                    continue
                values[field] = reader(cell)
            except limits.LimitError as error:
                problems.append(_problem(field, cell, error))
        if len(given) > self._width:
            problems += _too_wide(given[self._width :], self._width)
        start, end = values.get("start_time"), values.get("end_time")
        if start and end and end <= start:
            problems.append(self._ends_too_early(given))
        return problems or GoodRow(row.line, **values)

    def _ends_too_early(self, given: Sequence[Cell]) -> Problem:
        ended = next(
            given[position] for field, position, *_ in self._readers if field == "end_time"
        )
        return Problem(label("end_time"), _shown(ended), said("The end must lie after the start."))


def _time_reader(layout: Layout, field: str) -> Reader:
    return Reader(
        layout.times.get(field, Column()),
        timezone.get_fixed_timezone(0)
        if field in layout.in_utc
        else timezone.get_current_timezone(),
        settings.OPSCOM_TIME_ZONE,
        is_end=field == "end_time",
    )


def _refuse_empty(field: str, *, is_required: bool) -> None:
    if is_required:
        raise limits.LimitError(said("The %(field)s is missing.") % {"field": label(field).lower()})


def _problem(field: str, cell: Cell, error: limits.LimitError) -> Problem:
    if cell == _ERROR:
        sentence = said("The sheet shows an error here, such as #N/A. Correct the formula.")
        return Problem(label(field), _ERROR, sentence)
    return Problem(label(field), _shown(cell), str(error))


def _too_wide(more: Any, width: int) -> list[Problem]:
    """Refuse values beyond the last column: the row was split in the wrong place."""
    if all(map(cells.is_empty, more)):
        return []
    sentence = said(
        "The row has %(more)s values, the first row %(width)s. A text that holds the "
        "separator must stand in quotation marks."
    ) % {"more": width + len(more), "width": width}
    return [Problem("", _shown(more[0]), sentence)]


def _shown(cell: Cell) -> str:
    shown = cells.text(cell)
    return shown if len(shown) <= SHOWN else f"{shown[:SHOWN]}…"
