"""Charts as shapes: where each bar stands, what it says and where it leads.

Each chart carries its numbers as a table too, for those who listen to a page instead of seeing it.
All lengths are in the units of the chart's own view box, which the page scales. A template draws a
chart's frame; its many bars and rows are drawn here, which takes a quarter of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.formats import get_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

WIDTH: Final = 560.0
HEIGHT: Final = 180.0
LEFT: Final = 44.0  # room for the numbers of the scale
BELOW: Final = 22.0  # room for the names of the columns
GAP: Final = 0.28  # of a column's room, between it and the next
NAMES: Final = 7  # of columns that are written out, at the most
ROW: Final = 36.0
BAR: Final = 12.0


@dataclass(frozen=True)
class Part:
    """One stretch of a bar."""

    kind: str  # names its colour: `success`, `danger`, …
    name: str  # as the legend has it
    value: float
    words: str  # the value as people say it
    href: str = ""  # where it leads; empty where the reader may not go


@dataclass(frozen=True)
class Column:
    """A bar and its parts, from the bottom up or from the left."""

    name: str
    short: str  # the name below the bar
    parts: Sequence[Part]
    href: str = ""


@dataclass(frozen=True)
class Bar:
    """A rectangle of the chart."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str
    href: str


@dataclass(frozen=True)
class Mark:
    """A word of the chart's margin, and where it stands."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart that is ready to be drawn."""

    slug: str
    title: str
    columns: Sequence[Column]
    bars: Sequence[Bar]
    scale: Sequence[Mark]
    names: Sequence[Mark]
    legend: Sequence[tuple[str, str]]  # kind and name
    first: str  # what stands above the table's first column
    width: float = WIDTH
    height: float = HEIGHT
    note: str = ""  # how far the numbers can be relied on
    lies: bool = False  # whether the bars lie on their side

    def drawing(self) -> SafeString:
        """Return what stands inside the picture: the scale, the names and the bars."""
        parts = []
        for mark in self.scale:
            if not self.lies:
                y, end = f"{mark.y:.1f}", f"{self.width:.0f}"
                parts.append(f'<line class="rule" x1="{LEFT:.0f}" x2="{end}" y1="{y}" y2="{y}"/>')
            parts.append(_word(mark, "" if self.lies else ' dy="4" text-anchor="end"'))
        parts += [_word(mark, "" if self.lies else ' text-anchor="middle"') for mark in self.names]
        parts += [_rectangle(bar) for bar in self.bars]
        return mark_safe("".join(parts))  # noqa: S308 - escaped

    def rows(self) -> SafeString:
        """Return the rows of the table."""
        parts = []
        for column in self.columns:
            cells = "".join([f"<td>{escape(part.words)}</td>" for part in column.parts])
            name = _link(column.href, escape(column.name))
            parts.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
        return mark_safe("".join(parts))  # noqa: S308 - escaped


def standing(
    slug: str,
    title: str,
    columns: Sequence[Column],
    *,
    first: str,
    unit: str = "",
    note: str = "",
) -> Chart:
    """Draw columns whose parts stand on each other."""
    top = ceiling(max((_sum(column) for column in columns), default=0))
    room = (WIDTH - LEFT) / max(len(columns), 1)
    floor = HEIGHT - BELOW
    bars = []
    for number, column in enumerate(columns):
        x, y = LEFT + room * (number + GAP / 2), floor
        for part in column.parts:
            height = part.value / top * (floor - 8)
            if part.value:
                y -= height
                label = _("%(column)s: %(value)s") % {
                    "column": column.name,
                    "value": f"{part.name} {part.words}",
                }
                bars.append(Bar(x, y, room * (1 - GAP), height, part.kind, label, part.href))
    every = -(-len(columns) // NAMES) or 1
    names = [
        Mark(LEFT + room * (number + 0.5), HEIGHT - 6, column.short)
        for number, column in enumerate(columns)
        if number % every == (len(columns) - 1) % every
    ]
    scale = [
        Mark(LEFT - 6, floor - (floor - 8) * share, f"{_short(top * share)}{unit}")
        for share in (0, 0.5, 1)
    ]
    return Chart(slug, title, columns, bars, scale, names, _legend(columns), first, note=note)


def lying(slug: str, title: str, columns: Sequence[Column], *, first: str, note: str = "") -> Chart:
    """Draw bars below each other, each under its name and with its value beside it."""
    top = max((_sum(column) for column in columns), default=0) or 1
    bars, names, scale = [], [], []
    for number, column in enumerate(columns):
        x, y = 0.0, ROW * number + 16
        for part in column.parts:
            width = max(part.value / top * (WIDTH - 70), 1.5 if part.value else 0)
            label = _("%(column)s: %(value)s") % {"column": column.name, "value": part.words}
            bars.append(Bar(x, y, width, BAR, part.kind, label, part.href))
            x += width
        names.append(Mark(0, y - 5, column.name))
        scale.append(Mark(x + 8, y + BAR - 2, column.parts[0].words))
    height = max(ROW * len(columns), ROW)
    return Chart(
        slug, title, columns, bars, scale, names, (), first, height=height, note=note, lies=True
    )


def ceiling(value: float) -> float:
    """Return the least of 2, 4, 6 and 10 and their tenfolds that is not less than a value.

    Half of each is a whole number: there are no half calls.
    """
    power: float = 10 ** max(len(str(int(value))) - 1, 0)
    steps = (1, 2, 4, 6, 10) if power > 1 else (2, 4, 6, 10)
    return next(power * step for step in steps if power * step >= value)


def percentile(counts: Sequence[tuple[float, int]], share: float) -> float | None:
    """Return the value below which a share of all lies; `counts` has each value once, in order."""
    total = sum(count for _value, count in counts)
    passed = 0
    for value, count in counts:
        passed += count
        if passed >= total * share:
            return value
    return None


def _word(mark: Mark, how: str) -> str:
    at = f'x="{mark.x:.1f}" y="{mark.y:.1f}"'
    return f'<text class="mark" {at}{how} aria-hidden="true">{escape(mark.text)}</text>'


def _rectangle(bar: Bar) -> str:
    box = f'x="{bar.x:.1f}" y="{bar.y:.1f}" width="{bar.width:.1f}" height="{bar.height:.1f}"'
    label = escape(bar.label)
    drawn = f'<rect class="fill-{bar.kind}" {box} rx="2"><title>{label}</title></rect>'
    return _link(bar.href, drawn, f' aria-label="{label}"')


def _link(href: str, inner: str, more: str = "") -> str:
    return f'<a href="{escape(href)}"{more}>{inner}</a>' if href else inner


def _sum(column: Column) -> float:
    return sum(part.value for part in column.parts)


def _legend(columns: Sequence[Column]) -> list[tuple[str, str]]:
    found = {part.kind: part.name for column in columns for part in column.parts if part.value}
    return list(found.items())


def _short(value: float) -> str:
    """Return a number of the scale: `500`, `2k`, `1.5M`."""
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{_digits(value / size)}{sign}"
    return _digits(value)


def _digits(value: float) -> str:
    return f"{value:g}".replace(".", get_format("DECIMAL_SEPARATOR"))
