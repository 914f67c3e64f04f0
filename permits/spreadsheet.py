"""Files for spreadsheets, written row by row, in which no cell can start a formula."""

import csv
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Final

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

# A spreadsheet takes a text that begins so for a formula.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_AT_ONCE: Final = 1 << 16  # bytes
ROWS_OF_A_SHEET: Final = 1_048_575  # besides the heads; Excel has no more
_LONGEST_TEXT: Final = 32_767  # characters of a cell, for Excel
_FORMATS: Final = {
    datetime: "yyyy-mm-dd hh:mm:ss",
    date: "yyyy-mm-dd",
    time: "hh:mm:ss",
    timedelta: "[h]:mm:ss",
}


class _Echo:
    """A file that hands back what is written into it."""

    def write(self, line: str) -> str:
        return line


def defused(value: Any) -> str:
    """Return a cell's text; one that would be a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="seconds")
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def undefused(text: str) -> str:
    """Return a cell's text without the apostrophe that `defused` has put before it."""
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA_STARTS) else text


def csv_lines(
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    encoding: str = "utf-8-sig",
    delimiter: str = ",",
) -> Iterator[bytes]:
    """Yield the lines of a CSV file; what the encoding lacks becomes a question mark."""
    writer = csv.writer(_Echo(), delimiter=delimiter)
    first = writer.writerow([defused(head) for head in heads])
    # The mark at the start tells a spreadsheet the encoding; it stands there once.
    yield first.encode(encoding, "replace")
    rest = {"utf-8-sig": "utf-8", "utf-16": f"utf-16-{_BYTE_ORDER}"}.get(encoding, encoding)
    for row in rows:
        yield writer.writerow([defused(value) for value in row]).encode(rest, "replace")


_BYTE_ORDER: Final = "le" if "a".encode("utf-16")[0] == 0xFF else "be"


def csv_response(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], **form: str
) -> StreamingHttpResponse:
    """Return `name`.csv, written row by row as the browser takes it, in the form of `csv_lines`."""
    return StreamingHttpResponse(
        csv_lines(heads, rows, **form),
        content_type=f"text/csv; charset={_CHARSETS.get(form.get('encoding', ''), 'utf-8')}",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


_CHARSETS: Final = {"utf-16": "utf-16", "cp1252": "windows-1252"}


def xlsx_response(
    name: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    sheet: str = "",
    about: Callable[[int], Iterable[tuple[str, str]]] | None = None,
) -> StreamingHttpResponse:
    """Return `name`.xlsx, an Excel workbook; it is written on the disk first.

    What there is to say about it, once its rows are written on so many sheets, stands on a sheet of
    its own.
    """

    def parts() -> Iterator[bytes]:
        with tempfile.TemporaryFile() as file:
            _write_xlsx(file, heads, rows, name=sheet or _("Permits"), about=about)
            file.seek(0)
            while part := file.read(_AT_ONCE):
                yield part

    return StreamingHttpResponse(
        parts(),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f'attachment; filename="{name}.xlsx"'},
    )


def _write_xlsx(
    file: BinaryIO,
    heads: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    name: str,
    about: Callable[[int], Iterable[tuple[str, str]]] | None,
) -> None:
    """Write a workbook, holding one row in memory, on as many sheets as its rows need.

    Texts are written as texts, so that none becomes a formula, a link or a number; numbers and
    dates stay what they are, times on the staff's clock.
    """
    import xlsxwriter  # not loaded by the many programs that write no workbook

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(file, options) as book:
        formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        bold = book.add_format({"bold": True})

        def new_sheet(name: str, *, columns: int) -> Any:
            sheet = book.add_worksheet(name)
            sheet.set_column(0, max(columns - 1, 0), 20)
            return sheet

        rest: Iterator[Sequence[Any]] = iter(rows)
        for number in itertools.count(1):
            sheet = new_sheet(f"{name} {number}" if number > 1 else name, columns=len(heads))
            sheet.freeze_panes(1, 0)
            for column, head in enumerate(heads):
                sheet.write_string(0, column, head, bold)
            for line, row in enumerate(itertools.islice(rest, ROWS_OF_A_SHEET), start=1):
                for column, value in enumerate(row):
                    _write_cell(sheet, line, column, value, formats)
            following = next(rest, None)
            if following is None:
                break
            rest = itertools.chain([following], rest)
        if about:
            sheet = new_sheet(_("About"), columns=2)
            for line, (label, words) in enumerate(about(number)):
                sheet.write_string(line, 0, label, bold)
                sheet.write_string(line, 1, words)


def _write_cell(sheet: Any, line: int, column: int, value: Any, formats: dict[type, Any]) -> None:
    if value in (None, ""):
        return
    if isinstance(value, datetime) and timezone.is_aware(value):
        value = timezone.make_naive(value)
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        value = f"{value[: _LONGEST_TEXT - 1]}\N{HORIZONTAL ELLIPSIS}"
    sheet.write(line, column, value, formats.get(type(value)))
