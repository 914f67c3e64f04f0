"""The rows that were bad, as a file like the one that came, to be mended and loaded again."""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

from django.http import StreamingHttpResponse

from permits import spreadsheet
from permits.importing import blocks
from permits.importing.columns import REASON
from permits.importing.layout import Layout
from permits.models import ImportBlock, ImportRun
from permits.shown import shown


def failed_rows(run: ImportRun) -> StreamingHttpResponse:
    """Return the bad rows of an import in its own format, with the reasons in the first column."""
    layout = Layout.from_json(run.layout)
    old = layout.columns.reason
    heads = [shown(REASON), *_without(layout.header, old)]
    rows = _rows(run, len(layout.header), old)
    stem = "".join(c for c in PurePath(run.file_name).stem if c.isalnum() or c in " -_")[:60]
    name = f"{stem.strip() or 'import'}-failed"
    if layout.format == "csv":
        # Bytes in the order of this machine, with the mark that says so.
        return spreadsheet.csv_response(
            name,
            heads,
            rows,
            encoding="utf-8-sig" if layout.encoding == "utf-8" else layout.encoding,
            delimiter=layout.delimiter,
        )
    return spreadsheet.xlsx_response(name, heads, rows)


def reasons(problems: list[list[str]]) -> str:
    """Return all that is wrong with a row in one line."""
    return " ".join(
        f"{shown(column)}: {shown(sentence)}" if column else shown(sentence)
        for column, _, sentence in problems
    )


def _rows(run: ImportRun, width: int, old: int | None) -> Iterator[list[Any]]:
    for _, cells, problems in blocks.load_all(run, ImportBlock.Kind.BAD):
        whole = cells + [""] * (width - len(cells))
        yield [reasons(problems), *_without(whole, old)]


def _without(cells: list[Any], position: int | None) -> list[Any]:
    return [cell for at, cell in enumerate(cells) if at != position]
