"""Find out what kind of file this is, by what is in it and not by its name."""

from collections.abc import Callable, Sequence
from typing import BinaryIO, Final

from permits.importing.csv_files import CsvFile
from permits.importing.rows import Table
from permits.importing.unreadable import Unreadable
from permits.importing.xlsx_files import XlsxFile

_ZIP: Final = b"PK"
_OLD_OFFICE: Final = bytes.fromhex("d0cf11e0a1b11ae1")  # .xls, and any workbook with a password
_OTHERS: Final = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"\x1f\x8b": "a compressed file",
    b"{\\rtf": "a text document",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML file",
}


def open_table(file: BinaryIO, known: Callable[[Sequence[str]], int]) -> Table:
    """Return the file as a table. Raises `Unreadable`."""
    head = file.read(16)
    if not head.strip():
        raise Unreadable("The file is empty.")
    if head.startswith(_OLD_OFFICE):
        raise Unreadable(
            "This is an old Excel workbook (.xls), or one with a password. Save it as an Excel "
            "workbook (.xlsx) without a password, or as CSV."
        )
    for start, what in _OTHERS.items():
        if head.lower().startswith(start.lower()):
            raise Unreadable(f"This is {what}. Choose a CSV file or an Excel workbook (.xlsx).")
    if head.startswith(_ZIP):
        return XlsxFile(file)
    return CsvFile(file, known)
