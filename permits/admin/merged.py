"""Pages of what several tables hold, merged by time: a deep page costs as much as the first.

A page begins and ends at a position: of each table, the primary key below which everything is
older. From a position each table is read along its key, so nothing is passed over or shown twice,
however many happen at one instant and whatever the clock did.
"""

import heapq
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

Position = tuple[int, ...]  # of each source; what has a key below it is older

_WRITTEN: Final = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})*", re.ASCII)


@dataclass(frozen=True)
class Source:
    """The rows of one table, whose keys grow with time."""

    rows: QuerySet[Any]
    at: Callable[[Any], datetime]


@dataclass(frozen=True)
class Found:
    """One row, and which of the sources it is from."""

    source: int
    at: datetime
    row: Any


@dataclass(frozen=True)
class Page:
    """What happened, the newest first, and from where there is newer and older."""

    found: Sequence[Found]
    newer: Position | None  # none where this is the newest page
    older: Position | None


def read(text: str, sources: int) -> Position | None:
    """Return the position that an address names, or nothing where it names none."""
    if not _WRITTEN.fullmatch(text):
        return None
    position = tuple(int(part) for part in text.split("-"))
    return position if len(position) == sources else None


def write(position: Position) -> str:
    """Return a position as it stands in an address."""
    return "-".join(map(str, position))


def newest(sources: Sequence[Source], size: int) -> Page:
    """Return the first page."""
    return _older_than(sources, None, size)


def older_than(sources: Sequence[Source], position: Position, size: int) -> Page:
    """Return the page below a position; the first one where there is nothing."""
    page = _older_than(sources, position, size)
    return page if page.found else newest(sources, size)


def newer_than(sources: Sequence[Source], position: Position, size: int) -> Page:
    """Return the page above a position; the first one where that is not full."""
    rows = [
        list(source.rows.filter(pk__gte=start).order_by("pk")[: size + 1])
        for source, start in zip(sources, position, strict=True)
    ]
    merged = _merged(sources, rows, newest_first=False)
    if len(merged) <= size:
        return newest(sources, size)
    found = merged[:size]
    above = tuple(
        max((each.row.pk + 1 for each in found if each.source == number), default=start)
        for number, start in enumerate(position)
    )
    return Page(found[::-1], newer=above, older=position)


def _older_than(sources: Sequence[Source], position: Position | None, size: int) -> Page:
    rows = [
        list(
            source.rows.filter(**{"pk__lt": position[number]} if position else {}).order_by("-pk")[
                : size + 1
            ]
        )
        for number, source in enumerate(sources)
    ]
    merged = _merged(sources, rows, newest_first=True)
    found, rest = merged[:size], merged[size:]
    below = tuple(
        min(
            (each.row.pk for each in found if each.source == number),
            default=max((each.row.pk + 1 for each in rest if each.source == number), default=0),
        )
        for number in range(len(sources))
    )
    return Page(found, newer=position, older=below if rest else None)


def _merged(
    sources: Sequence[Source], rows: Sequence[Sequence[Any]], *, newest_first: bool
) -> list[Found]:
    """Merge what was read of each table, whose own order stays whatever the clock said."""
    streams = [
        [Found(number, source.at(row), row) for row in part]
        for number, (source, part) in enumerate(zip(sources, rows, strict=True))
    ]
    return list(
        heapq.merge(*streams, key=lambda each: (each.at, each.source), reverse=newest_first)
    )
