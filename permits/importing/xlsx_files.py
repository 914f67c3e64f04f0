"""Read an Excel workbook, after its parts have been measured.

A workbook is a zip archive of XML, and a small one can unpack to gigabytes, or name a cell in the
last corner of a sheet so that the reader makes room for all between. So each part is unpacked here
first, up to a limit, into a new archive: what the reader is given is what was measured. And a
process of its own reads that before this one does, whatever else it may be made of.
"""

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, ClassVar, Final
from xml.etree import ElementTree as ET

import python_calamine as calamine

from permits.importing.cells import Cell, is_empty
from permits.importing.rows import Row
from permits.importing.unreadable import Unreadable
from permits.stored import said

UNPACKED: Final = 256 << 20  # bytes of XML in all
CELLS: Final = 2_000_000  # rows times columns of a sheet: calamine keeps them all in memory
PARTS: Final = 2_000
MEMORY: Final = 1 << 30  # bytes in which it can be read
SECONDS: Final = 60  # of work
ERRORS: Final = 100_000  # cells that hold an error such as #N/A
_AT_ONCE: Final = 1 << 20
_LONGEST_TAG: Final = 1 << 10
_TAG: Final = re.compile(rb"<(?:\w+:)?c\s([^<>]*[^<>/])>")
_PLACE: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,8})["']""")
_ERROR: Final = re.compile(rb"""\bt\s*=\s*["']e["']""")
_SHEET: Final = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_TRIAL: Final = Path(__file__).with_name("trial.py")
_SAVE_ANEW: Final = said("Open it in your spreadsheet and save it anew.")
_TOO_LARGE: Final = said(
    "The workbook is too large to be read safely. Save it as CSV, which may be longer."
)


class XlsxFile:
    """The first sheet of a workbook that has anything in it."""

    format: ClassVar = "xlsx"

    def __init__(self, file: BinaryIO) -> None:
        with tempfile.TemporaryFile() as measured:
            errors = _measure(file, measured)
            _try(measured)
            self._workbook = _open(measured)
            self.sheet_name = self._first_sheet()
            self._errors = errors.get(self._part(measured), set())

    def in_words(self) -> str:
        """Say what kind of file it is."""
        others = len(self._workbook.sheet_names) - 1
        told = said("Excel workbook, sheet “%(sheet)s”")
        if others == 1:
            told = said("Excel workbook, sheet “%(sheet)s”; 1 other sheet is not read")
        elif others:
            told = said("Excel workbook, sheet “%(sheet)s”; %(others)s other sheets are not read")
        return told % {"sheet": self.sheet_name, "others": others}

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are not blank, each with its number in the sheet."""
        sheet = self._workbook.get_sheet_by_name(self.sheet_name)
        for line, cells in enumerate(sheet.iter_rows(), start=1):
            if not all(map(is_empty, cells)) or (self._errors and self._has_error(line, cells)):
                yield Row(line, self._with_errors(line, cells) if self._errors else cells)

    def _first_sheet(self) -> str:
        for name in self._workbook.sheet_names:
            try:
                if self._workbook.get_sheet_by_name(name).height:
                    return name
            except calamine.CalamineError:
                continue  # a sheet of charts has no rows
        raise Unreadable(said("The workbook is empty."))

    def _part(self, measured: BinaryIO) -> str:
        """Return the name of the archive's part that holds the sheet."""
        try:
            with zipfile.ZipFile(measured) as archive:
                paths = _sheet_parts(archive)
            return paths[self._workbook.sheet_names.index(self.sheet_name)]
        except (KeyError, IndexError, ET.ParseError) as error:
            raise Unreadable(
                said("The workbook is damaged (%(error)s). %(save_anew)s")
                % {"error": error, "save_anew": _SAVE_ANEW}
            ) from None

    def _has_error(self, line: int, cells: list[Cell]) -> bool:
        return any((line, column) in self._errors for column in range(len(cells)))

    def _with_errors(self, line: int, cells: list[Cell]) -> list[Cell]:
        """Put a mark where the sheet shows an error: an empty cell would mean something else."""
        return [
            "#ERROR!" if (line, column) in self._errors else cell
            for column, cell in enumerate(cells)
        ]


def _sheet_parts(archive: zipfile.ZipFile) -> list[str]:
    """Return where each sheet is, in the order in which the workbook names them."""
    # Expat has refused entities that multiply since version 2.4.1; Python 3.11 brings a later one.
    links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    parts = []
    for sheet in book.iterfind("{*}sheets/{*}sheet"):
        link = next((value for name, value in sheet.items() if name.endswith("}id")), "")
        target = targets.get(link, "")
        parts.append(target[1:] if target.startswith("/") else f"xl/{target}")
    return parts


def _try(measured: BinaryIO) -> None:
    """Have it read where nothing but that process can fall over."""
    done = subprocess.run(
        [sys.executable, "-I", _TRIAL, str(MEMORY), str(SECONDS)],
        stdin=measured,
        capture_output=True,
        check=False,
    )
    measured.seek(0)
    if done.returncode:
        raise Unreadable(_TOO_LARGE)


def _open(measured: BinaryIO) -> calamine.CalamineWorkbook:
    try:
        return calamine.CalamineWorkbook.from_filelike(measured)
    except calamine.CalamineError as error:
        raise Unreadable(
            said("The workbook cannot be read (%(error)s). %(save_anew)s")
            % {"error": error, "save_anew": _SAVE_ANEW}
        ) from None


def _measure(file: BinaryIO, measured: BinaryIO) -> dict[str, set[tuple[int, int]]]:
    """Copy the archive's parts, no more than is safe; return where each sheet shows an error."""
    errors: dict[str, set[tuple[int, int]]] = {}
    left = UNPACKED
    try:
        with zipfile.ZipFile(file) as given, zipfile.ZipFile(measured, "w") as taken:
            parts = given.infolist()
            _recognise({part.filename for part in parts})
            if len(parts) > PARTS or sum(part.file_size for part in parts) > left:
                raise Unreadable(_TOO_LARGE)
            for part in parts:
                survey = _Survey() if _SHEET.fullmatch(part.filename) else None
                with given.open(part) as source, taken.open(part.filename, "w") as target:
                    while data := source.read(min(_AT_ONCE, left + 1)):
                        left -= len(data)
                        if left < 0:
                            raise Unreadable(_TOO_LARGE)
                        target.write(data)
                        if survey:
                            survey.look(data)
                if survey:
                    errors[part.filename] = survey.errors
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Unreadable(
            said(
                "The workbook is damaged or locked (%(error)s). Open it in your spreadsheet "
                "and save it anew, without a password."
            )
            % {"error": error}
        ) from None
    measured.seek(0)
    return errors


def _recognise(names: set[str]) -> None:
    """Refuse what is a zip archive and not a workbook of the new kind."""
    if "xl/workbook.xml" in names:
        return
    if "xl/workbook.bin" in names:
        raise Unreadable(said("This is a binary Excel workbook (.xlsb). Save it as .xlsx or CSV."))
    if "content.xml" in names:
        raise Unreadable(said("This is an OpenDocument spreadsheet. Save it as .xlsx or CSV."))
    raise Unreadable(
        said("This is a zip archive, not a spreadsheet. Choose the file that is in it.")
    )


class _Survey:
    """Looks through the XML of a sheet for its farthest cell and for errors."""

    def __init__(self) -> None:
        self.errors: set[tuple[int, int]] = set()
        self._tail = b""
        self._rows = self._columns = 0

    def look(self, data: bytes) -> None:
        """Take the next part into account."""
        data = self._tail + data
        for tag in _TAG.finditer(data):
            attributes = tag[1]
            if place := _PLACE.search(attributes):
                row, column = int(place[2]), _column(place[1])
                self._rows = max(self._rows, row)
                self._columns = max(self._columns, column)
                if b"e" in attributes and _ERROR.search(attributes):
                    self.errors.add((row, column - 1))
        if self._rows * self._columns > CELLS or len(self.errors) > ERRORS:
            raise Unreadable(_TOO_LARGE)
        start = data.rfind(b"<")
        self._tail = data[start:][:_LONGEST_TAG] if start >= 0 and b">" not in data[start:] else b""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
