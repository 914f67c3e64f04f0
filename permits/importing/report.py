"""What the check of a file found, for the page and for the shell."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from permits.importing import blocks
from permits.importing.columns import label
from permits.importing.duplicates import GoodRow
from permits.importing.layout import Layout
from permits.models import ImportBlock, ImportRun, ImportZone, Zone
from permits.numbers import counted
from permits.stored import said

SAMPLE: Final = 5  # good rows shown
Kind = ImportBlock.Kind


@dataclass(frozen=True)
class Match:
    """A column of the file and what it holds."""

    name: str  # as the file has it
    field: str  # as people know it
    note: str = ""  # how it is read, where that is not plain


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be written, with everything that is wrong with it."""

    line: int
    problems: list[list[str]]  # column, value and sentence of each


@dataclass(frozen=True)
class Duplicate:
    """A row that is a permit already."""

    line: int
    plate: str
    first_line: int | None  # the line of the same file that it repeats
    permit: int | None  # or the permit

    def __str__(self) -> str:
        other = (
            f"line {self.first_line}"
            if self.permit is None
            else f"permit {self.permit}, now or when it was imported"
        )
        return f"the same plate, start, end and zone as {other}"


@dataclass(frozen=True)
class Report:
    """All that a person is shown before confirming."""

    run: ImportRun
    words: str
    notes: int  # rows that say something of the file, and are left alone
    matches: list[Match]
    ignored: list[str]
    unknown_zones: list[ImportZone]
    unreported_zones: list[ImportZone]

    @classmethod
    def of(cls, run: ImportRun) -> "Report":
        """Return what the check of an import has found."""
        layout = Layout.from_json(run.layout)
        columns = layout.columns
        zones = list(run.zones.select_related("zone").order_by("name"))
        return cls(
            run=run,
            words=layout.words,
            notes=layout.notes,
            matches=[
                Match(layout.header[position].strip(), label(field), _note(layout, field))
                for field, position in columns.fields.items()
            ],
            ignored=columns.ignored,
            unknown_zones=[each for each in zones if each.zone is None],
            unreported_zones=[each for each in zones if each.zone and not each.zone.is_reported],
        )

    def bad_rows(self, page: int) -> list[BadRow]:
        """Return a page of bad rows, counted from 0."""
        rows = blocks.load(self.run, Kind.BAD, page)
        return [BadRow(line, problems) for line, _, problems in rows]

    def duplicates(self, page: int) -> list[Duplicate]:
        """Return a page of duplicates, counted from 0."""
        return [Duplicate(*row) for row in blocks.load(self.run, Kind.DUPLICATE, page)]

    def pages(self, kind: "ImportBlock.Kind") -> int:
        """Return how many pages of a kind there are."""
        count = self.run.bad if kind == Kind.BAD else self.run.duplicates
        return -(-count // blocks.ROWS[kind])

    def sample(self) -> list[dict[str, Any]]:
        """Return some of the good rows, as they will be written."""
        rows = [GoodRow(*row) for row in blocks.load(self.run, Kind.GOOD, 0)[:SAMPLE]]
        names = dict(
            Zone.objects.filter(pk__in={row.zone for row in rows}).values_list("pk", "name")
        )
        return [row.shown(names) for row in rows]

    def lines(self) -> Iterator[str]:
        """Yield the whole report, for the shell."""
        run = self.run
        yield f"{run.file_name}: {self.words}"
        for match in self.matches:
            yield f"  {match.name} is the {match.field.lower()}" + (
                f"; {match.note}" if match.note else ""
            )
        for name in self.ignored:
            yield f"  {name} is not known and is ignored"
        if self.notes:
            yield f"  {counted(self.notes, 'row')} with “# ” at the start: notes, left alone"
        for each in self.unreported_zones:
            yield (
                f"  Zone {each.name}: the controller never reported it, so permits under it would "
                f"be disconnected records: {each.rows:,} here"
            )
        for kind in (Kind.BAD, Kind.DUPLICATE):
            for row in blocks.load_all(run, kind):
                yield from _told(kind, row)
        yield (
            f"{counted(run.total, 'row')}: {run.good:,} good, {run.bad:,} bad, "
            f"{run.duplicates:,} there already or twice in the file"
        )


def _told(kind: "ImportBlock.Kind", row: list[Any]) -> Iterator[str]:
    if kind == Kind.DUPLICATE:
        duplicate = Duplicate(*row)
        yield f"Line {duplicate.line}, passed over: {duplicate.plate} has {duplicate}"
        return
    line, _, problems = row
    for column, value, sentence in problems:
        shown = f" “{value}”" if value else ""
        yield f"Line {line}, {column.lower() or 'row'}{shown}: {sentence}"


def _note(layout: Layout, field: str) -> str:
    notes = []
    if field in layout.in_utc:
        notes.append(said("times are read as UTC, as the column's name says"))
    if field in layout.times and (words := layout.times[field].in_words()):
        notes.append(words)
    return "; ".join(notes)
