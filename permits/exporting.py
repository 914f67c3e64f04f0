"""The rows of a list as a file: CSV, an Excel workbook, or JSON Lines.

A file is written row by row while the browser takes it, whatever its length, and all of it shows
the database at one moment: writers neither wait for it nor get into it. It ends by saying what it
is: how many rows, filtered how, when and for whom. A file without that ending is not whole.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from permits import numbers, spreadsheet

FETCHED_AT_ONCE: Final = 500  # rows


class Format(StrEnum):
    """What kind of file it shall be; the value ends its name."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON_LINES = "jsonl"


@dataclass(frozen=True)
class Column:
    """One column of the file."""

    name: str  # for programs: the key in JSON Lines
    head: str | Promise  # for people: above the column
    value: Callable[[Any], Any]  # of a row: a text, number, time or nothing
    data: Callable[[Any], Any] | None = None  # in JSON Lines, where that differs


@dataclass(frozen=True)
class Export:
    """Which rows become a file, and how it speaks of itself."""

    names: str  # what the rows are, in one word for a file's name: `permits`
    rows: QuerySet[Any]  # in the file's order
    columns: Sequence[Column]
    filters: Sequence[tuple[str, str]]  # what the rows were narrowed down by: label and words
    actor: str  # for whom
    moment: datetime  # when

    def response(self, form: Format) -> StreamingHttpResponse:
        """Return the file, whose rows are read while it is sent."""
        name = f"{self.names}-{timezone.localtime(self.moment):%Y-%m-%d-%H%M%S}"
        heads = [str(column.head) for column in self.columns]
        language = translation.get_language()
        match form:
            case Format.CSV:
                return spreadsheet.csv_response(name, heads, self._rows_and_ending(language))
            case Format.XLSX:
                rows = _Counted(self._values(self._for_people(), language))
                return spreadsheet.xlsx_response(
                    name,
                    heads,
                    rows,
                    sheet=self.names.capitalize()[:20],
                    about=lambda sheets: [
                        *self._ending(rows.count, language),
                        _of_sheets(sheets, language),
                    ],
                )
        return StreamingHttpResponse(
            self._json_lines(),
            content_type="application/jsonl; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.jsonl"'},
        )

    def _for_people(self) -> list[Callable[[Any], Any]]:
        return [column.value for column in self.columns]

    def _values(
        self, values: list[Callable[[Any], Any]], language: str | None
    ) -> Iterator[list[Any]]:
        with _one_moment():
            for row in self.rows.iterator(chunk_size=FETCHED_AT_ONCE):
                # The file is read after the answer was made, by whatever is at work then.
                with translation.override(language):
                    cells = [value(row) for value in values]
                yield cells

    def _rows_and_ending(self, language: str | None) -> Iterator[Sequence[Any]]:
        rows = _Counted(self._values(self._for_people(), language))
        yield from rows
        for label, words in self._ending(rows.count, language):
            yield [f"# {label}", words]

    def _ending(self, count: int, language: str | None) -> list[tuple[str, str]]:
        moment = timezone.localtime(self.moment)
        with translation.override(language):
            return [
                (_("Rows"), str(count)),
                *(self.filters or [(_("Filter"), _("none"))]),
                (_("Exported"), f"{moment:%Y-%m-%d %H:%M:%S} {moment.tzname()}"),
                (_("Exported by"), self.actor),
            ]

    def _json_lines(self) -> Iterator[bytes]:
        names = [column.name for column in self.columns]
        data = [column.data or column.value for column in self.columns]
        rows = _Counted(self._values(data, "en"))  # programs read it, whatever people speak
        for row in rows:
            yield _json_line(dict(zip(names, row, strict=True)))
        ending = {
            "rows": rows.count,
            "filter": dict(self.filters),
            "exported_at": self.moment,
            "exported_by": self.actor,
        }
        yield _json_line({"export": ending})


def _of_sheets(count: int, language: str | None) -> tuple[str, str]:
    """Say on how many sheets a workbook's rows are, and why."""
    with translation.override(language):
        told = ngettext(
            "%(count)d. Where there are more than %(most)s rows, they go on on a further sheet.",
            "%(count)d, on which the rows go on: none holds more than %(most)s of them.",
            count,
        )
        most = numbers.say(spreadsheet.ROWS_OF_A_SHEET)
        return _("Sheets"), told % {"count": count, "most": most}


class _Counted:
    """Rows, and how many of them have passed."""

    def __init__(self, rows: Iterator[list[Any]]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[list[Any]]:
        for row in self._rows:
            self.count += 1
            yield row


def _one_moment() -> AbstractContextManager[Any]:
    """Have one query's rows come as the database was when it began.

    PostgreSQL fetches them a few at a time inside a transaction, which blocks nobody. On SQLite a
    query does so by itself, and a transaction would be begun as a writer's.
    """
    return transaction.atomic() if connection.vendor == "postgresql" else nullcontext()


def _json_line(record: dict[str, Any]) -> bytes:
    text = json.dumps(record, default=_plain, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat()
    return str(value)
