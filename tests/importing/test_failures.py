"""The file of bad rows comes in the form of the file that was given, and can be loaded again."""

import io
from typing import Any

import pytest

from permits import importing
from permits.importing import files
from permits.importing.columns import known
from permits.importing.csv_files import CsvFile
from permits.models import ImportRun, Permit, Zone
from tests.importing.files import HEADER, as_csv, as_xlsx, check, row, write


def failed(run: ImportRun) -> bytes:
    """The file of bad rows."""
    return b"".join(importing.failed_rows(run))


def read(data: bytes) -> list[list[Any]]:
    """The rows of a file."""
    return [list(row.cells) for row in files.open_table(io.BytesIO(data), known).rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_it_comes_as_the_file_came(lot: Zone, encoding: str, delimiter: str) -> None:
    bad = row(plate="É 1", amount="five", ticket_number='a,b;c "d"')
    run = check(as_csv(row(), bad, delimiter=delimiter, encoding=encoding))
    data = failed(run)
    opened = files.open_table(io.BytesIO(data), known)
    assert isinstance(opened, CsvFile)
    assert opened.delimiter == delimiter
    assert opened.encoding.removesuffix("-sig") == encoding
    assert read(data) == [
        ["Reason", *HEADER],
        ["Amount: Enter an amount in digits, such as 14.50.", *bad],
    ]


def test_a_workbook_keeps_its_numbers_and_dates(lot: Zone) -> None:
    from datetime import datetime

    start = datetime(2026, 4, 3, 9)  # noqa: DTZ001
    run = check(as_xlsx(row(plate="=1+1" * 9, ticket_number=7.0, start=start, amount=12.345)))
    [_, cells] = read(failed(run))
    assert cells[1:] == ["=1+1" * 9, "Lot 1", 7.0, start, "2026-04-03 17:00", 12.345, "CAD"]
    assert "Plate: A plate has 25 characters" in cells[0]


def test_once_mended_it_is_loaded_and_its_reasons_are_left_alone(lot: Zone) -> None:
    run = check(as_csv(row(), row(plate="", ticket_number="MENDED")))
    mended = failed(run).replace(b",,Lot 1", b",M 1,Lot 1")
    again = check(mended)
    assert importing.Report.of(again).ignored == []
    write(again)
    assert Permit.objects.get().plate == "M 1"


def test_what_is_still_bad_has_one_reason_and_not_two(lot: Zone) -> None:
    first = failed(check(as_csv(row(plate=""))))
    assert read(failed(check(first))) == read(first)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_it_can_start_a_formula(lot: Zone, start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    run = check(as_csv(row(ticket_number=text, amount="bad")))
    [_, cells] = read(failed(run))
    assert cells[3] == f"'{text}"
    write(check(as_csv((*cells[1:6], "5", "CAD"))))
    assert Permit.objects.get().ticket_number == text.strip()


def test_a_workbook_has_texts_and_no_formulas(lot: Zone) -> None:
    from tests.importing.files import parts_of

    run = check(as_xlsx(row(plate="", ticket_number='=HYPERLINK("http://x")', zone="Pier")))
    sheet = parts_of(failed(run))["xl/worksheets/sheet1.xml"]
    assert b"<f>" not in sheet
    assert b"<hyperlink" not in sheet
