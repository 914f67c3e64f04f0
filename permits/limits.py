"""The limits that the controller's API puts on every field, stated once.

Source: the vendor's public pages for permit create, update and delete. Forms, models, imports and
the client all ask here; nothing else in the project knows a length or a format.

Each function takes what a person or a file gave, returns the value in its one stored form, and
raises `LimitError` with a sentence that says what to do. Lengths count Unicode code points, as the
controller does (its `Y-m-d` formats and messages are PHP's, whose validation counts characters
and not bytes).
"""

import re
import unicodedata
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from permits.stored import said

PLATE_LENGTH: Final = 25
TICKET_NUMBER_LENGTH: Final = 50
ZONE_NAME_LENGTH: Final = 200
REFERENCE_ID_LENGTH: Final = 50
TOKEN_LENGTH: Final = 50
CURRENCY_LENGTH: Final = 10
CURRENCIES: Final = ("CAD", "USD")
_CURRENCIES: Final = dict(zip(("one", "other"), CURRENCIES, strict=True))
AMOUNT_MIN: Final = Decimal("0.01")
AMOUNT_MAX: Final = Decimal("999999.99")
AMOUNT_RANGE: Final = said("An amount lies between %(least)s and %(most)s.") % {
    "least": AMOUNT_MIN,
    "most": AMOUNT_MAX,
}
AMOUNT_PLACES: Final = 2
AMOUNT_DIGITS: Final = 8
TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%S"
EARLIEST_YEAR: Final = 2000
LATEST_YEAR: Final = 2099

# The fields of a permit by the names used here. After a push the controller can change only the
# first four, and can clear none of them.
CHANGEABLE: Final = ("plate", "end_time", "amount", "currency")
FIXED: Final = ("start_time", "ticket_number", "zone")

_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9-]+")
_AMOUNT: Final = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
# What is trimmed and folded: the blank of the keyboard, of spreadsheets and of typesetting.
_BLANKS: Final = " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_INNER_BLANKS: Final = re.compile("[ \u00a0\u1680\u202f\u205f\u3000\u2000-\u200a]+")
# Control characters, invisible formatting (which can reorder text on the screen), lone surrogates,
# private use, and the two separators that end a line.
_FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters, marks and symbols that show nothing: joiners, fillers, and the blank of Braille.
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


class LimitError(ValueError):
    """A value that the controller's API cannot take; the text says why and what to do."""


def plate(text: str) -> str:
    """Return the licence plate trimmed, in upper case, with single spaces and plain dashes."""
    plain = "".join("-" if unicodedata.category(c) == "Pd" else c for c in text)
    value = _text(_INNER_BLANKS.sub(" ", plain).upper(), "A plate", PLATE_LENGTH)
    if not plate_key(value):
        raise LimitError(said("Enter the licence plate."))
    return value


def plate_key(text: str) -> str:
    """Return what two spellings of one plate have in common: upper case, and only what is seen."""
    plain = unicodedata.normalize("NFC", text.upper())
    return "".join(
        c for c in plain if not c.isspace() and unicodedata.category(c) not in ("Pd", "Cf", "Cc")
    )


def ticket_number(text: str) -> str:
    """Return the ticket number trimmed; it may be empty."""
    return _text(text, said("A ticket number"), TICKET_NUMBER_LENGTH)


def zone_name(text: str) -> str:
    """Return the zone's name trimmed.

    A comma is refused: the stats filter separates zones by commas, so such a zone could never be
    counted.
    """
    value = _text(text, said("A zone name"), ZONE_NAME_LENGTH)
    if not value:
        raise LimitError(said("Enter the zone's name."))
    if "," in value:
        raise LimitError(
            said(
                "A zone name cannot hold a comma: the controller's counts separate zones by commas."
            )
        )
    return value


def reference_id(text: str) -> str:
    """Return the reference ID that the controller minted for a permit."""
    return _identifier(text, "A reference ID", REFERENCE_ID_LENGTH)


def token(text: str) -> str:
    """Return the API token. The error never repeats it."""
    return _identifier(text, said("An API token"), TOKEN_LENGTH)


def client_code(text: str) -> str:
    """Return the client code, which names the customer in the address, e.g. `OC-TOMA`."""
    return _identifier(text, said("A client code"), TOKEN_LENGTH)


def currency(text: str) -> str:
    """Return `CAD`, `USD` or, where none was given, the empty string."""
    value = text.strip().upper()
    if value and value not in CURRENCIES:
        raise LimitError(said("Choose %(one)s or %(other)s.") % _CURRENCIES)
    return value


def amount(given: str | Decimal) -> Decimal:
    """Return the amount with exactly two places; `5` and `5.0` are read as `5.00`."""
    text = given.strip() if isinstance(given, str) else format(given, "f")
    if not _AMOUNT.fullmatch(text) or len(text) > 40:
        raise LimitError(said("Enter an amount in digits, such as 14.50."))
    try:
        value = Decimal(text)
        rounded = value.quantize(Decimal("0.01"))
    except InvalidOperation:
        raise LimitError(AMOUNT_RANGE) from None
    if not AMOUNT_MIN <= value <= AMOUNT_MAX:
        raise LimitError(AMOUNT_RANGE)
    if rounded != value:
        raise LimitError(said("An amount has two decimal places at the most, such as 14.50."))
    return rounded


def amount_on_wire(value: Decimal) -> str:
    """Return the amount as the controller takes it: exactly two places, e.g. `5.00`."""
    return format(amount(value), f".{AMOUNT_PLACES}f")


def moment(value: datetime) -> datetime:
    """Return an aware time cut to whole seconds, which is all that the controller keeps."""
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise LimitError(
            said("The year must lie between %(first)s and %(last)s; %(year)s does not.")
            % {"first": EARLIEST_YEAR, "last": LATEST_YEAR, "year": value.year}
        )
    return value.replace(microsecond=0)


def moment_on_wire(value: datetime, zone: ZoneInfo) -> str:
    """Return an aware time as the controller takes it, e.g. `2018-07-02T09:00:00`, in `zone`.

    The format carries no offset, so a local time that a clock change repeats would mean two
    moments; it is refused.
    """
    local = moment(value).astimezone(zone)
    if local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        raise LimitError(
            said(
                "%(local)s happens twice in %(zone)s, where the clocks change, and the "
                "controller could not tell which is meant. Choose a time an hour earlier or "
                "later."
            )
            % {"local": f"{local:%Y-%m-%d %H:%M}", "zone": zone.key}
        )
    return moment_on_clock(value, zone)


def moment_on_clock(value: datetime, zone: ZoneInfo) -> str:
    """Return what the clocks of `zone` show at an aware time, whether or not it can be told."""
    return value.astimezone(zone).strftime(TIME_FORMAT)


def moment_from_wire(text: str, zone: ZoneInfo) -> datetime:
    """Return the aware time that a wire time such as `2018-07-02T09:00:00` in `zone` means."""
    try:
        local = datetime.strptime(text, TIME_FORMAT).replace(tzinfo=zone)
    except ValueError:
        raise LimitError(said("A time is written like 2018-07-02T09:00:00.")) from None
    if local.astimezone(ZoneInfo("UTC")).astimezone(zone).replace(fold=0) != local:
        raise LimitError(
            said("%(text)s does not exist in %(zone)s: the clocks skip it.")
            % {"text": text, "zone": zone.key}
        )
    return local


def period(start: datetime, end: datetime) -> timedelta:
    """Return how long a permit lasts; its end must lie after its start."""
    if end <= start:
        raise LimitError(said("The end must lie after the start."))
    return end - start


def _text(text: str, what: str, longest: int) -> str:
    value = unicodedata.normalize("NFC", text.strip(_BLANKS))
    for position, character in enumerate(value, start=1):
        if unicodedata.category(character) in _FORBIDDEN or character in _UNSEEN:
            raise LimitError(
                said(
                    "%(what)s cannot hold the invisible character U+%(character)s (at position "
                    "%(position)s). Type it anew without it."
                )
                % {"what": what, "character": f"{ord(character):04X}", "position": position}
            )
    if len(value) > longest:
        raise LimitError(
            said(
                "%(what)s has %(longest)s characters at the most; this has %(length)s. Shorten it."
            )
            % {"what": what, "longest": longest, "length": len(value)}
        )
    return value


def _identifier(text: str, what: str, longest: int) -> str:
    value = text.strip()
    if not _IDENTIFIER.fullmatch(value):
        raise LimitError(
            said("%(what)s is made of letters A to Z, digits and dashes only.") % {"what": what}
        )
    if len(value) > longest:
        raise LimitError(
            said("%(what)s has %(longest)s characters at the most.")
            % {"what": what, "longest": longest}
        )
    return value
