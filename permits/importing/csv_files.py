"""Read a CSV file: find out its encoding and its delimiter, then yield its rows."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, ClassVar, Final

from permits.importing.rows import Row
from permits.importing.unreadable import Unreadable
from permits.stored import said

DELIMITERS: Final = (",", ";", "\t")
NAMES: Final = {",": said("commas"), ";": said("semicolons"), "\t": said("tabs")}
READ_AT_ONCE: Final = 1 << 20  # bytes
LONGEST_ROW: Final = 1 << 18  # characters: a row without an end would fill the memory
HEAD: Final = 1 << 16  # bytes looked at for signs that this is no text
_MARKS: Final = {
    codecs.BOM_UTF32_LE: "",  # no spreadsheet writes it
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_WORDS: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
}


class CsvFile:
    """A CSV file whose encoding and delimiter are known."""

    format: ClassVar = "csv"

    def __init__(self, file: BinaryIO, known: Callable[[Sequence[str]], int]) -> None:
        """`known` counts the columns of a first row that are known: the delimiter shows most."""
        self._file = file
        self.encoding = _encoding(file)
        self.skipped = 0  # lines before the table: Excel's `sep=;`
        self.delimiter = self._delimiter(known)

    def in_words(self) -> str:
        """Say what kind of file it is."""
        return said("CSV, %(encoding)s, columns separated by %(delimiter)s") % {
            "encoding": _WORDS[self.encoding],
            "delimiter": NAMES[self.delimiter],
        }

    def rows(self) -> Iterator[Row]:
        """Yield the rows that are not blank, each with the number of its first line."""
        return self._rows(self.delimiter)

    def _rows(self, delimiter: str) -> Iterator[Row]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self.encoding, newline="")
        try:
            for _ in range(self.skipped):
                text.readline()
            yield from _parsed(text, delimiter, self.skipped)
        finally:
            if not self._file.closed:  # a reader that is not read to its end may outlive it
                text.detach()

    def _delimiter(self, known: Callable[[Sequence[str]], int]) -> str:
        """Return the delimiter under which most columns of the first row are known."""
        if named := self._named_delimiter():
            return named
        found = {delimiter: self._first_row(delimiter) for delimiter in DELIMITERS}
        return max(DELIMITERS, key=lambda each: (known(found[each]), len(found[each])))

    def _named_delimiter(self) -> str:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self.encoding, newline="")
        line = text.readline(100).strip().strip('"')
        text.detach()
        if not line.lower().startswith("sep="):
            return ""
        self.skipped = 1
        return line[4:] if line[4:] in DELIMITERS else "\t" if line == "sep=" else ""

    def _first_row(self, delimiter: str) -> Sequence[str]:
        try:
            row = next(self._rows(delimiter), None)
        except Unreadable:
            return ()
        return [str(cell) for cell in row.cells] if row else ()


def _parsed(text: io.TextIOWrapper, delimiter: str, skipped: int) -> Iterator[Row]:
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1 + skipped
    try:
        for cells in reader:
            lines.length = 0
            if any(map(str.strip, cells)):
                yield Row(line, cells)
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise Unreadable(
            said(
                "Line %(line)s cannot be read: a text in quotation marks begins there and does "
                "not end as it should (%(error)s). Double every quotation mark inside a text, "
                "or save the file anew from a spreadsheet."
            )
            % {"line": line, "error": error}
        ) from None


class _Lines:
    """The lines of a text, as long as those of one row are not too many or too long."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.length = 0  # of the row under way

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(LONGEST_ROW + 1):
            self.length += len(line)
            if self.length > LONGEST_ROW:
                raise csv.Error(
                    said("it goes on for more than %(longest_row)s characters")
                    % {"longest_row": f"{LONGEST_ROW:,}"}
                )
            yield line


def _encoding(file: BinaryIO) -> str:
    """Return the encoding in which the whole file can be read."""
    file.seek(0)
    head = file.read(HEAD)
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            if encoding and _decodes(file, encoding):
                return encoding
            raise Unreadable(
                said("The file begins as Unicode and goes on as something else. %(save)s")
                % {"save": _SAVE}
            )
    if b"\0" in head:
        raise Unreadable(
            said("This is not a CSV file or an Excel workbook. %(save)s") % {"save": _SAVE}
        )
    for encoding in ("utf-8", "cp1252"):
        if _decodes(file, encoding):
            return encoding
    raise Unreadable(
        said("The text is neither UTF-8, UTF-16 nor Windows-1252. %(save)s") % {"save": _SAVE}
    )


_SAVE: Final = said("In your spreadsheet, save it as “CSV UTF-8” or as an Excel workbook (.xlsx).")


def _decodes(file: BinaryIO, encoding: str) -> bool:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while part := file.read(READ_AT_ONCE):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True
