"""What a benchmark found, as a table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One measured value, and the most that is wanted of it."""

    measured: float
    unit: str = ""
    wanted: float | None = None  # None where nothing is wanted: a peer, or a detail
    digits: int = 2

    @property
    def missed(self) -> bool:
        """Whether it is more than what is wanted."""
        return self.wanted is not None and self.measured > self.wanted

    @property
    def ratio(self) -> float | None:
        """The measured value over the wanted one."""
        return self.measured / self.wanted if self.wanted else None

    def say(self, value: float | None) -> str:
        """Return a value of its kind in words."""
        return "" if value is None else f"{value:,.{self.digits}f} {self.unit}".strip()


@dataclass(frozen=True)
class Row:
    """One thing that was measured."""

    what: str
    figure: Figure
    besides: Sequence[str] = ()  # cells under the table's own headings


@dataclass
class Table:
    """The findings of one benchmark."""

    title: str
    about: str  # what was done, in a sentence or two
    headings: Sequence[str] = ()  # of the cells that stand besides
    rows: list[Row] = field(default_factory=list)

    @property
    def missed(self) -> list[Row]:
        """The rows whose wanted value is missed."""
        return [row for row in self.rows if row.figure.missed]

    def as_text(self) -> str:
        """Return the table as Markdown that is lined up for the eye."""
        head = ["", "measured", "wanted", "ratio", *self.headings]
        cells = [head, *(self._cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
        lines = [_line(line, widths) for line in cells]
        rule = "|".join(
            ["", *("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths)), ""]
        )
        return "\n".join([f"## {self.title}", "", self.about, "", lines[0], rule, *lines[1:], ""])

    def _cells(self, row: Row) -> list[str]:
        figure = row.figure
        verdict = "" if figure.wanted is None else f"≤ {figure.say(figure.wanted)}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}" + " missed" * figure.missed
        besides = [*row.besides, *[""] * (len(self.headings) - len(row.besides))]
        return [row.what, figure.say(figure.measured), verdict, ratio, *besides]


def _line(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"
