"""Read a date and time that can mean one moment only, or say why it cannot.

A day such as 03/04/2026 is 3 April to one half of the world and 4 March to the other. It is read
only where another value of the same column shows which, and the file's values are looked through
for that before any is read.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from permits import limits
from permits.importing.cells import Cell, text
from permits.stored import said

STAMP: Final = "%Y-%m-%d %H:%M:%S"  # a moment in UTC, as both databases read it
REMEMBERED: Final = 8192  # moments; a file's times repeat
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            *("january jan", "february feb", "march mar", "april apr"),  # English: as files have it
            *("may", "june jun", "july jul", "august aug"),  # English: as files have it
            *("september sep sept", "october oct"),  # English: as files have it
            *("november nov", "december dec"),  # English: as files have it
        ),
        start=1,
    )
    for name in names.split()
}
_CLOCK: Final = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_HALF: Final = r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
_OFFSET: Final = r"(?:\s*(?P<offset>[Zz]|[+-]\d{2}(?::?\d{2})?))?"
_TIME: Final = rf"(?:(?:[Tt]|,?\s+){_CLOCK}{_HALF}{_OFFSET})?"
_FORMS: Final = [
    re.compile(day + _TIME, re.ASCII)
    for day in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second_part>\d{1,2})(?P=mark)(?P<year>\d{4})",
        r"(?:[A-Za-z]+,?\s+)?(?P<day>\d{1,2})[-\s](?P<name>[A-Za-z]+)\.?,?[-\s](?P<year>\d{4})",
        r"(?:[A-Za-z]+,\s+)?(?P<name>[A-Za-z]+)\.?\s(?P<day>\d{1,2}),?\s(?P<year>\d{4})",
    )
]
_PLAIN: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?", re.ASCII)
_SHORT_YEAR: Final = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}\b.*", re.ASCII)


HAPPENS_TWICE: Final = said(
    "%(time)s happens twice: the clocks go back over it (%(zone)s). Choose a time an hour earlier "
    "or later."
)
DOES_NOT_EXIST: Final = said(
    "%(time)s does not exist: the clocks skip it (%(zone)s). Choose a time an hour earlier or "
    "later."
)


class Order(Enum):
    """Which of two numbers in a date is the day."""

    DAY_FIRST = said("day/month/year")
    MONTH_FIRST = said("month/day/year")


@dataclass
class Column:
    """What the values of one column show together."""

    day_first: str = ""  # a value that can only be read so
    month_first: str = ""
    has_times: bool = False  # a date of a spreadsheet that has a time of day

    def look(self, cell: Cell) -> None:
        """Take one value into account."""
        if not isinstance(cell, str):
            self.has_times |= isinstance(cell, datetime) and cell.time() != time()
            return
        if cell[4:5] == "-" or (self.day_first and self.month_first):
            return
        match = _FORMS[1].match(cell.strip())
        if match is None:
            return
        first, second = int(match["first"]), int(match["second_part"])
        if not self.day_first and 12 < first <= 31 and 1 <= second <= 12:
            self.day_first = cell.strip()[:40]
        if not self.month_first and 12 < second <= 31 and 1 <= first <= 12:
            self.month_first = cell.strip()[:40]

    @property
    def order(self) -> Order | None:
        """How the column's dates are written, where that can be one way only."""
        if bool(self.day_first) == bool(self.month_first):
            return None
        return Order.DAY_FIRST if self.day_first else Order.MONTH_FIRST

    def in_words(self) -> str:
        """Say how ambiguous dates are read and why; empty where the column shows nothing."""
        if self.order is None:
            return ""
        shows = self.day_first or self.month_first
        return said("dates are read as %(order)s, because %(shows)s can only be read so") % {
            "order": self.order.value,
            "shows": shows,
        }


class Reader:
    """Reads the moments of one column, in a time zone; returns them in UTC, as in `STAMP`."""

    def __init__(self, column: Column, zone: tzinfo, wire_zone: ZoneInfo, *, is_end: bool) -> None:
        """`wire_zone` is that of the controller's times, which must be unambiguous there too."""
        self._column = column
        self._zone = zone
        self._wire_zone = wire_zone
        self._is_end = is_end
        self._read_text = lru_cache(REMEMBERED)(self._from_text)
        self._offset_all_day = lru_cache(REMEMBERED)(self._find_offset_all_day)

    def __call__(self, cell: Cell) -> str:
        """Return the moment, in whole seconds. Raises `LimitError`."""
        if isinstance(cell, datetime):
            return self._aware(cell)
        if isinstance(cell, date):
            return self._aware(self._day(cell, is_native=True))
        if isinstance(cell, str):
            return self._read_text(cell)
        raise limits.LimitError(
            said("%(text)s is not a date and time. Write it such as 2026-04-03 09:00.")
            % {"text": text(cell)}
        )

    def _from_text(self, cell: str) -> str:
        given = text(cell).strip()
        if _PLAIN.fullmatch(given):
            try:
                naive = datetime.fromisoformat(given)
                if (offset := self._offset_all_day(given[:10])) is not None:
                    return str(naive - offset)
                return self._aware(naive)
            except ValueError as error:
                if isinstance(error, limits.LimitError):
                    raise
                raise _no_such_time(given) from None
        for form in _FORMS:
            if match := form.fullmatch(given):
                return self._from_match(match, given)
        if _SHORT_YEAR.fullmatch(given):
            raise limits.LimitError(
                said("Write the year with four digits, such as 2026-04-03 09:00.")
            )
        raise limits.LimitError(
            said("This cannot be read as a date and time. Write it such as 2026-04-03 09:00.")
        )

    def _from_match(self, match: re.Match[str], given: str) -> str:
        parts = match.groupdict()
        try:
            day = date(int(parts["year"]), *self._month_and_day(parts, given))
            if parts["hour"] is None:
                return self._aware(self._day(day, is_native=False))
            naive = datetime.combine(day, _clock(parts))
        except limits.LimitError:
            raise
        except ValueError:
            raise _no_such_time(given) from None
        if parts["offset"] is None:
            return self._aware(naive)
        return self._checked(naive.replace(tzinfo=UTC) - _offset(parts["offset"]))

    def _month_and_day(self, parts: dict[str, Any], given: str) -> tuple[int, int]:
        if name := parts.get("name"):
            return _MONTHS.get(name.lower(), 0), int(parts["day"])
        if parts.get("month"):
            return int(parts["month"]), int(parts["day"])
        first, second = int(parts["first"]), int(parts["second_part"])
        if first == second or max(first, second) > 12:
            return (second, first) if first > 12 else (first, second)
        match self._column.order:
            case Order.DAY_FIRST:
                return second, first
            case Order.MONTH_FIRST:
                return first, second
        raise limits.LimitError(self._ambiguous(given))

    def _ambiguous(self, given: str) -> str:
        column = self._column
        if not (column.day_first and column.month_first):
            return said(
                "This can mean day/month or month/day. Write the year first, such as "
                "2026-04-03 09:00."
            )
        return said(
            "This can mean day/month or month/day. The column has both ways: %(day_first)s and "
            "%(month_first)s. Write the year first, such as 2026-04-03 09:00."
        ) % {"day_first": column.day_first, "month_first": column.month_first}

    def _day(self, day: date, *, is_native: bool) -> datetime:
        """Return the midnight at which a day begins, where that can be meant.

        A spreadsheet keeps midnight and a day without a time alike: where other cells of the
        column have a time, midnight is meant.
        """
        if self._is_end and not (is_native and self._column.has_times):
            raise limits.LimitError(
                said(
                    "This is a day without a time, so it does not say whether that day is "
                    "included. Write the time too, such as %(day)s 23:59."
                )
                % {"day": day.isoformat()}
            )
        return datetime.combine(day, time())

    def _find_offset_all_day(self, day: str) -> timedelta | None:
        """Return how far the zone is off UTC, where nothing can be wrong with a time of that day.

        That is where no clock changes for days, neither here nor at the controller. It spares most
        times the look at every rule, which takes longer than all else about a row.
        """
        noon = datetime.fromisoformat(f"{day}T12:00+00:00")
        if not limits.EARLIEST_YEAR < noon.year < limits.LATEST_YEAR:
            return None
        around = [noon + timedelta(hours=hours) for hours in range(-48, 49, 6)]
        offsets = {moment.astimezone(self._zone).utcoffset() for moment in around}
        on_wire = {moment.astimezone(self._wire_zone).utcoffset() for moment in around}
        return offsets.pop() if len(offsets) == len(on_wire) == 1 else None

    def _aware(self, naive: datetime) -> str:
        """Return the one moment that a local time means; clock changes skip and repeat some."""
        early = naive.replace(tzinfo=self._zone, fold=0)
        late = early.replace(fold=1)
        if early.utcoffset() != late.utcoffset():
            exists = early.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None) == naive
            told = HAPPENS_TWICE if exists else DOES_NOT_EXIST
            raise limits.LimitError(told % {"time": f"{naive:%Y-%m-%d %H:%M}", "zone": self._zone})
        return self._checked(early)

    def _checked(self, moment: datetime) -> str:
        """Hold the moment to what the controller can be told."""
        moment = limits.moment(moment)
        limits.moment_on_wire(moment, self._wire_zone)
        return moment.astimezone(UTC).strftime(STAMP)


def _clock(parts: dict[str, Any]) -> time:
    hour, half = int(parts["hour"]), parts["half"]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("No clock of twelve hours shows that.")
        hour = hour % 12 + (12 if half in "Pp" else 0)
    return time(hour, int(parts["minute"]), int(parts["second"] or 0))


def _offset(text: str) -> timedelta:
    if text in "Zz":
        return timedelta(0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise limits.LimitError(
            said("No clock on earth is %(offset)s off UTC. Correct the offset.") % {"offset": text}
        )
    ahead = timedelta(hours=hours, minutes=minutes)
    return ahead if text[0] == "+" else -ahead


def _no_such_time(given: str) -> limits.LimitError:
    return limits.LimitError(
        said("There is no such day or time as %(given)s. Correct it.") % {"given": given[:40]}
    )
