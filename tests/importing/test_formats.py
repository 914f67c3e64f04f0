"""Files of every encoding, delimiter and kind are read, and others are refused in a sentence."""

import io
import re

import pytest

from permits.importing import csv_files, files, xlsx_files
from permits.importing.columns import known
from permits.importing.unreadable import Unreadable
from permits.models import ImportRun, Permit, Zone
from tests.importing.files import (
    ROW,
    as_csv,
    as_xlsx,
    as_zip,
    check,
    parts_of,
    row,
    sentences,
    write,
)

State = ImportRun.State
TRICKS = {
    "a long text a thousand times": b'<row r="9">' + b'<c t="s"><v>0</v></c>' * 1100 + b"</row>",
    "cells without a place": (
        b'<row r="9">'
        + b"<c><v>1</v></c>" * 16384
        + b'</row><row r="1048576"><c><v>1</v></c></row>'
    ),
    "a column that is none": b'<row r="9"><c r="ZZZZZZZ9"><v>1</v></c></row>',
    "a row that is none": b'<row r="99999999999999999999"><c r="A99999999999"><v>1</v></c></row>',
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]


def lines(data: bytes) -> list[int]:
    """The line of each row of a file."""
    return [row.line for row in files.open_table(io.BytesIO(data), known).rows()]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_it_reads_every_encoding_and_delimiter(lot: Zone, encoding: str, delimiter: str) -> None:
    given = row(plate="ÉTÉ 12", ticket_number="Nº 7 “a”")
    run = check(as_csv(given, delimiter=delimiter, encoding=encoding))
    assert (run.state, run.good, run.bad) == (State.READY, 1, 0), run.problem or sentences(run)
    write(run)
    permit = Permit.objects.get()
    assert (permit.plate, permit.ticket_number) == ("ÉTÉ 12", "Nº 7 “a”")


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_it_counts_lines_as_an_editor_does(ending: str) -> None:
    text = ending.join(
        ["plate,start,end", 'A1,"a', "b", 'c",x', "", "B2,,", ",,", '"C\n3",,', "D4,,"]
    )
    assert lines(text.encode()) == [1, 2, 6, 8, 10]


@pytest.mark.parametrize("name", ["sep=;", '"sep=;"'])
def test_it_reads_the_line_in_which_excel_names_the_delimiter(lot: Zone, name: str) -> None:
    data = f"{name}\r\n".encode() + as_csv(row(plate="A;B"), delimiter=";")
    assert lines(data) == [2, 3]
    assert check(data).good == 1


def test_a_quoted_line_break_stays_in_its_cell_and_lines_are_still_right(lot: Zone) -> None:
    run = check(as_csv(row(ticket_number="one\ntwo"), row(plate="")))
    assert [line.split(" ")[0] for line in sentences(run)] == ["2", "4"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b" \n\n", "The file is empty."),
        (b"\x00\x01\x02" * 50, "not a CSV file or an Excel workbook"),
        (b"%PDF-1.7 ...", "This is a PDF document."),
        (b"\x89PNG\r\n\x1a\n....", "This is a picture."),
        (b"<html><table>", "This is a web page."),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, "old Excel workbook (.xls)"),
        (as_zip({"content.xml": b"<x/>", "mimetype": b"x"}), "OpenDocument"),
        (as_zip({"xl/workbook.bin": b"x"}), ".xlsb"),
        (as_zip({"permits.csv": b"x"}), "This is a zip archive"),
        (as_zip({"xl/workbook.xml": b"<x/>"}), "cannot be read"),
        (as_xlsx(ROW)[:-40], "damaged or locked"),
        (as_xlsx(header=()), "The workbook is empty."),
        ("plate,start,end\nA".encode("utf-16-le"), "not a CSV file"),
        (b"\xef\xbb\xbfplate,start,end\n\xff", "begins as Unicode"),
        (b"plate,start,end\nA\x81,,\n", "neither UTF-8, UTF-16 nor Windows-1252"),
        (b'plate,start,end\nA,"b,\nc,', "Line 2 cannot be read"),
        (b"plate,start,end\n", "and no other row"),
        (b"just some words\nand more of them\n", "The file lacks the plate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_refused_in_a_sentence(db: None, data: bytes, words: str) -> None:
    run = check(data)
    assert run.state == State.REFUSED
    assert words in run.problem
    assert run.problem.endswith(".")


class TestXlsx:
    def test_numbers_and_dates_become_what_they_mean(self, lot: Zone) -> None:
        from datetime import datetime

        start, end = datetime(2026, 4, 3, 9, 0, 30), datetime(2026, 4, 4)  # noqa: DTZ001
        run = check(
            as_xlsx(
                row(plate=12345, ticket_number=1234567890123, start=start, end=end, amount=14.5),
                row(plate="B", end=datetime(2026, 4, 4, 12)),  # noqa: DTZ001
                row(plate="C", amount=0.1 + 0.2),
            )
        )
        assert run.bad == 0, sentences(run)
        write(run)
        permit = Permit.objects.get(plate="12345")
        assert (permit.ticket_number, str(permit.amount)) == ("1234567890123", "14.50")
        assert permit.start_time.isoformat() == "2026-04-03T13:00:30+00:00"
        assert permit.end_time.isoformat() == "2026-04-04T04:00:00+00:00"
        assert str(Permit.objects.get(plate="C").amount) == "0.30"

    def test_a_column_of_days_does_not_say_whether_the_last_is_included(self, lot: Zone) -> None:
        from datetime import datetime

        day = datetime(2026, 4, 30)  # noqa: DTZ001
        [sentence] = sentences(check(as_xlsx(row(end=day))))
        assert "a day without a time" in sentence

    def test_blank_rows_and_columns_before_the_table_do_not_shift_the_lines(
        self, lot: Zone
    ) -> None:
        blank = ("",) * 7
        run = check(as_xlsx(blank, ("",), tuple(ROW), row(plate=""), header=blank))
        assert run.state == State.REFUSED  # the first row that is not blank names the columns
        run = check(as_xlsx(blank, row(plate="")))
        assert sentences(run) == ["3 Plate: The plate is missing."]

    def test_an_error_in_a_cell_is_a_bad_row_and_not_an_empty_value(self, lot: Zone) -> None:
        import xlsxwriter

        file = io.BytesIO()
        with xlsxwriter.Workbook(file) as book:
            book.add_worksheet("Notes")
            sheet = book.add_worksheet("Permits")
            sheet.write_row(0, 0, ("Plate", "Start", "End", "Zone"))
            sheet.write_row(1, 0, ("A1", "2026-04-03 09:00", "2026-04-03 10:00"))
            sheet.write_formula(1, 3, "=VLOOKUP(1,A1:B2,2)", None, "#N/A")
        run = check(file.getvalue())
        assert sentences(run) == [
            "2 Zone: The sheet shows an error here, such as #N/A. Correct the formula."
        ]

    def test_a_bomb_is_refused_before_it_is_unpacked(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(xlsx_files, "UNPACKED", 1 << 20)
        parts = parts_of(as_xlsx(ROW))
        parts["xl/worksheets/sheet1.xml"] += b" " * (2 << 20)
        bomb = as_zip(parts)
        assert len(bomb) < 20_000
        assert "too large to be read safely" in check(bomb).problem

    def test_a_bomb_that_lies_about_its_size_is_refused_too(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(xlsx_files, "UNPACKED", 1 << 20)
        parts = parts_of(as_xlsx(ROW))
        size = len(parts["xl/worksheets/sheet1.xml"]) + (2 << 20)
        parts["xl/worksheets/sheet1.xml"] += b" " * (2 << 20)
        bomb = as_zip(parts).replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
        assert check(bomb).state == State.REFUSED

    def test_a_cell_in_the_last_corner_is_refused(self, db: None) -> None:
        parts = parts_of(as_xlsx(ROW))
        sheet = parts["xl/worksheets/sheet1.xml"]
        far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", far)
        assert "too large to be read safely" in check(as_zip(parts)).problem

    @pytest.mark.parametrize("trick", TRICKS)
    def test_what_would_end_the_reader_is_refused_and_ends_nobody_else(
        self, db: None, trick: str
    ) -> None:
        parts = parts_of(as_xlsx(ROW))
        sheet = parts["xl/worksheets/sheet1.xml"]
        parts["xl/worksheets/sheet1.xml"] = sheet.replace(
            b"</sheetData>", TRICKS[trick] + b"</sheetData>"
        )
        strings = parts["xl/sharedStrings.xml"]
        long = b"<si><t>" + b"A" * (1 << 20) + b"</t></si>"
        parts["xl/sharedStrings.xml"] = re.sub(rb"(<sst[^>]*>)", rb"\1" + long, strings)
        assert "too large to be read safely" in check(as_zip(parts)).problem

    def test_styled_cells_with_nothing_in_them_are_no_reason_to_refuse(self, lot: Zone) -> None:
        parts = parts_of(as_xlsx(ROW))
        sheet = parts["xl/worksheets/sheet1.xml"]
        far = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
        parts["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", far)
        assert check(as_zip(parts)).good == 1


def test_a_row_too_long_for_csv_is_refused_and_not_cut(db: None) -> None:
    data = as_csv(row(plate="A" * 200_000))
    assert "Line 2 cannot be read" in check(data).problem


def test_the_delimiter_is_that_under_which_most_columns_are_known() -> None:
    data = b"plate;start, local;end\nA;b;c\n"
    assert csv_files.CsvFile(io.BytesIO(data), known).delimiter == ";"


def test_an_unreadable_file_says_so_as_an_error() -> None:
    with pytest.raises(Unreadable):
        files.open_table(io.BytesIO(b""), known)
