"""Read one cell of a file: the text, number or date in it becomes a field of a permit.

Each function returns the value in its stored form and raises `LimitError` with a sentence.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from permits import limits, spreadsheet
from permits.stored import said

Cell: TypeAlias = str | int | float | bool | datetime | date | time | timedelta
"""What a file holds in one place: always a text in CSV, what Excel takes it for in XLSX."""

# Plates that are in their stored form already, which nearly all are; `limits.plate` takes its time.
_PLAIN_PLATE: Final = re.compile(r"[A-Z0-9]+(?:[ -][A-Z0-9]+)*")
_DECIMAL_COMMA: Final = re.compile(r"(\d*),(\d{1,2})", re.ASCII)
_DIGITS_IN_GROUPS: Final = re.compile(
    r"\d{1,3}(?:[,.'\u2019\u00a0\u202f\s]\d{3})+(?:[.,]\d*)?", re.ASCII
)
_MONEY: Final = re.compile(r"[$€£¥]|\b(?:CAD|USD|C\$|US\$)\b", re.IGNORECASE)


def is_empty(cell: Cell) -> bool:
    """Whether there is nothing in the cell but blanks."""
    return isinstance(cell, str) and not cell.strip()


def text(cell: Cell) -> str:
    """Return a cell as the text that a person meant.

    A number loses the `.0` that spreadsheets keep for themselves, and a text the apostrophe that
    keeps it from being a formula.
    """
    match cell:
        case str():
            return spreadsheet.undefused(cell) if cell[:1] == "'" else cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            return number(cell)
        case datetime():
            return cell.isoformat(sep=" ")
    return str(cell)


def number(value: float) -> str:
    """Return a number in digits, as far as a spreadsheet keeps them: fifteen of them."""
    if value == int(value) and abs(value) < 1e20:
        return str(int(value))
    return format(Decimal(format(value, ".15g")), "f")


def plate(cell: Cell) -> str:
    """Return the licence plate."""
    given = text(cell)
    if len(given) <= limits.PLATE_LENGTH and _PLAIN_PLATE.fullmatch(given):
        return given
    return limits.plate(given)


def ticket_number(cell: Cell) -> str:
    """Return the ticket number; it may be empty."""
    given = text(cell)
    is_plain = given.isascii() and given.isprintable() and " " not in given
    if is_plain and len(given) <= limits.TICKET_NUMBER_LENGTH:
        return given
    return limits.ticket_number(given)


def currency(cell: Cell) -> str:
    """Return the currency; it may be empty."""
    try:
        return limits.currency(text(cell))
    except limits.LimitError:
        one, other = limits.CURRENCIES
        raise limits.LimitError(
            said("Write %(one)s or %(other)s, or leave it empty.") % {"one": one, "other": other}
        ) from None


def amount(cell: Cell, *, decimal_comma: bool) -> str | None:
    """Return the amount with two places; `decimal_comma` takes `14,50` for 14.50."""
    given = text(cell).strip()
    if not given:
        return None
    if decimal_comma and (parts := _DECIMAL_COMMA.fullmatch(given)):
        given = f"{parts[1]}.{parts[2]}"
    try:
        return str(limits.amount(given))
    except limits.LimitError:
        if _MONEY.search(given):
            raise limits.LimitError(
                said(
                    "Write the amount without its currency, such as 14.50; the currency has a "
                    "column of its own."
                )
            ) from None
        if _DIGITS_IN_GROUPS.fullmatch(given):
            raise limits.LimitError(
                said("Write the amount without a thousands separator, such as 1234.50.")
            ) from None
        if _DECIMAL_COMMA.fullmatch(given):
            raise limits.LimitError(
                said(
                    "Write the amount with a point, such as %(written)s; a comma is read only in a "
                    "file whose columns are separated by semicolons."
                )
                % {"written": given.replace(",", ".")}
            ) from None
        raise
