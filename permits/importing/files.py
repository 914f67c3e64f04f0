"""Find out what kind of file this is, by what is in it and not by its name."""

from collections.abc import Callable, Sequence
from typing import BinaryIO, Final

from permits.importing.csv_files import CsvFile
from permits.importing.rows import Table
from permits.importing.unreadable import Unreadable
from permits.importing.xlsx_files import XlsxFile
from permits.stored import said

_ZIP: Final = b"PK"
_OLD_OFFICE: Final = bytes.fromhex("d0cf11e0a1b11ae1")  # .xls, and any workbook with a password
_OTHERS: Final = {
    b"%PDF": said("a PDF document"),
    b"\x89PNG": said("a picture"),
    b"\xff\xd8\xff": said("a picture"),
    b"GIF8": said("a picture"),
    b"\x1f\x8b": said("a compressed file"),
    b"{\\rtf": said("a text document"),
    b"<!DOCTYPE": said("a web page"),
    b"<html": said("a web page"),
    b"<?xml": said("an XML file"),
}


def open_table(file: BinaryIO, known: Callable[[Sequence[str]], int]) -> Table:
    """Return the file as a table. Raises `Unreadable`."""
    head = file.read(16)
    if not head.strip():
        raise Unreadable(said("The file is empty."))
    if head.startswith(_OLD_OFFICE):
        raise Unreadable(
            said(
                "This is an old Excel workbook (.xls), or one with a password. Save it as an "
                "Excel workbook (.xlsx) without a password, or as CSV."
            )
        )
    for start, what in _OTHERS.items():
        if head.lower().startswith(start.lower()):
            raise Unreadable(
                said("This is %(what)s. Choose a CSV file or an Excel workbook (.xlsx).")
                % {"what": what}
            )
    if head.startswith(_ZIP):
        return XlsxFile(file)
    return CsvFile(file, known)
