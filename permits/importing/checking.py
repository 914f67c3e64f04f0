"""The check: read the whole file, sort its rows, and write down nothing but what was found."""

from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import Any, Final

from django.db import transaction

from permits.importing import blocks, columns, files, holding
from permits.importing.duplicates import GoodRow, Key, Lines, already_there
from permits.importing.layout import Layout, survey
from permits.importing.reading import Problem, RowReader
from permits.importing.rows import Row, Table
from permits.importing.unreadable import Unreadable
from permits.importing.zones import ZoneReader
from permits.models import ImportBlock, ImportRun, ImportZone

AT_ONCE: Final = 2_000  # rows between two signs of life
Kind = ImportBlock.Kind


def check(run: ImportRun, *, go_on: Callable[[], bool]) -> None:
    """Check an import that is held. It ends as ready, or as refused with the reason."""
    _forget(run)
    try:
        with blocks.open_file(run) as file:
            table = files.open_table(file, columns.known)
            layout, total = survey(table, sign_of_life=partial(holding.keep_hold, run))
            holding.keep_hold(run, total=total, layout=layout.as_json())
            _sort(run, table, layout, go_on)
    except Unreadable as refused:
        holding.let_go(run, state=ImportRun.State.REFUSED, problem=str(refused), tries=0)


def _forget(run: ImportRun) -> None:
    """Remove what an earlier check has found."""
    with transaction.atomic():
        run.blocks.exclude(kind=Kind.FILE).delete()
        run.zones.all().delete()
        holding.keep_hold(run, seen=0, good=0, bad=0, duplicates=0)


def _sort(run: ImportRun, table: Table, layout: Layout, go_on: Callable[[], bool]) -> None:
    reader = RowReader(layout)
    rows = (row for row in table.rows() if not row.is_note)
    next(rows)  # the columns' names
    with Lines() as lines:
        piles = Piles(run, lines)
        while part := list(islice(rows, AT_ONCE)):
            piles.sort(part, reader)
            with transaction.atomic():
                piles.store()
                holding.keep_hold(run, seen=run.seen + len(part))
            if not go_on():
                raise holding.Interrupted
    with transaction.atomic():
        piles.store(is_last=True)
        _store_zones(run, reader.zones)
        holding.let_go(run, state=ImportRun.State.READY, tries=0, trouble="", **piles.counts())


class Piles:
    """The rows sorted so far, kept in blocks as they grow."""

    def __init__(self, run: ImportRun, lines: Lines) -> None:
        self._run = run
        self._lines = lines
        self._rows: dict[ImportBlock.Kind, list[Any]] = {kind: [] for kind in blocks.ROWS}
        self._blocks = dict.fromkeys(blocks.ROWS, 0)
        self._counts = dict.fromkeys(blocks.ROWS, 0)

    def sort(self, rows: list[Row], reader: RowReader) -> None:
        """Put each row on its pile."""
        fresh: dict[Key, GoodRow] = {}
        for row in rows:
            read = reader.read(row)
            if isinstance(read, list):
                self._put(Kind.BAD, bad_row(row, read))
            elif (line := self._lines.first(key := read.key, read.line)) is not None:
                self._put(Kind.DUPLICATE, [read.line, read.plate, line, None])
            else:
                fresh[key] = read
        there = already_there(fresh)
        for key, good in fresh.items():
            if (permit := there.get(key)) is not None:
                self._put(Kind.DUPLICATE, [good.line, good.plate, None, permit])
            else:
                self._put(Kind.GOOD, good)

    def store(self, *, is_last: bool = False) -> None:
        """Keep the blocks that are full; at last, those that are not."""
        for kind, rows in self._rows.items():
            size = blocks.ROWS[kind]
            while len(rows) >= size or (is_last and rows):
                blocks.store(self._run, kind, self._blocks[kind], rows[:size])
                del rows[:size]
                self._blocks[kind] += 1

    def counts(self) -> dict[str, int]:
        """Return how many rows are on each pile."""
        return {
            "good": self._counts[Kind.GOOD],
            "bad": self._counts[Kind.BAD],
            "duplicates": self._counts[Kind.DUPLICATE],
        }

    def _put(self, kind: "ImportBlock.Kind", row: Any) -> None:
        self._rows[kind].append(row)
        self._counts[kind] += 1


def bad_row(row: Row, problems: list[Problem]) -> list[Any]:
    """Return a bad row as it is kept: its line, its cells as they came, and what is wrong."""
    told = [[problem.column, problem.value, problem.sentence] for problem in problems]
    return [row.line, list(row.cells), told]


def _store_zones(run: ImportRun, zones: ZoneReader) -> None:
    """Note each zone that the file names, so that none is removed while the file waits."""
    known = zones.ids()
    ImportZone.objects.bulk_create(
        [
            *(
                ImportZone(run=run, name=name, zone_id=known[name], rows=rows)
                for name, rows in zones.known_rows.items()
            ),
            *(
                ImportZone(run=run, name=name, rows=rows)
                for name, rows in zones.unknown_rows.items()
            ),
        ]
    )
