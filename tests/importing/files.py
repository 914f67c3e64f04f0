"""Files as offices hand them in."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from permits import importing
from permits.models import ImportRun

_TEXTS_STAY_TEXTS: Final = {
    "default_date_format": "yyyy-mm-dd hh:mm",
    "strings_to_formulas": False,
    "strings_to_urls": False,
}
HEADER: Final = ("Plate", "Zone", "Ticket number", "Start", "End", "Amount", "Currency")
ROW: Final = ("ABC 123", "Lot 1", "T-1", "2026-04-03 09:00", "2026-04-03 17:00", "14.50", "CAD")


def row(**values: Any) -> tuple[Any, ...]:
    """A good row, with these values in place of its own, by their names in lower case."""
    names = [name.lower().replace(" ", "_") for name in HEADER]
    assert set(values) <= set(names)
    return tuple(values.get(name, value) for name, value in zip(names, ROW, strict=True))


def as_csv(
    *rows: Sequence[str],
    header: Sequence[str] = HEADER,
    delimiter: str = ",",
    encoding: str = "utf-8",
) -> bytes:
    """A CSV file."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    return text.getvalue().encode(encoding)


def as_xlsx(*rows: Sequence[Any], header: Sequence[str] = HEADER, sheet: str = "Sheet1") -> bytes:
    """An Excel workbook."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, _TEXTS_STAY_TEXTS) as book:
        page = book.add_worksheet(sheet)
        for number, cells in enumerate([header, *rows]):
            page.write_row(number, 0, cells)
    return file.getvalue()


def as_zip(parts: dict[str, bytes]) -> bytes:
    """A zip archive of these parts, by their names."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def parts_of(archive: bytes) -> dict[str, bytes]:
    """The parts of a zip archive, by their names."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def write_many(path: Path, count: int) -> None:
    """Write a CSV file of so many good rows without holding them."""
    with path.open("w", encoding="utf-8") as file:
        file.write("plate,zone,ticket_number,start_time,end_time,amount,currency\n")
        for number in range(count):
            minute = number % 60
            day = 1 + number // 60 % 28
            file.write(
                f"ABC {number},Lot 1,T{number},2026-06-{day:02} 08:{minute:02},"
                f"2026-06-{day:02} 18:{minute:02},12.50,CAD\n"
            )


def check(
    data: bytes | Iterable[bytes], *, file_name: str = "permits.csv", user: Any = None
) -> ImportRun:
    """Hand in a file and have it checked."""
    parts = [data] if isinstance(data, bytes) else data
    run = importing.receive(parts, file_name=file_name, user=user)
    return carry_on(run)


def carry_on(run: ImportRun) -> ImportRun:
    """Have an import checked or written; as it is afterwards."""
    importing.carry_on(run.pk, go_on=lambda: True)
    return ImportRun.objects.select_related("batch").get(pk=run.pk)


def write(run: ImportRun, *, only_if_all_good: bool = True, push: bool = False) -> ImportRun:
    """Confirm an import and have it written."""
    importing.confirm(run, only_if_all_good=only_if_all_good, push=push)
    return carry_on(run)


def sentences(run: ImportRun) -> list[str]:
    """Everything that is wrong with the rows, as `line column: sentence`."""
    return [
        f"{bad.line} {column}: {sentence}"
        for bad in importing.Report.of(run).bad_rows(0)
        for column, _, sentence in bad.problems
    ]
