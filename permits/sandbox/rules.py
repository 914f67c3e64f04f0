"""The vendor's rules for a call's body, and the codes that it refuses with.

These are written from the vendor's pages a second time on purpose: a stand-in that shared the
portal's own rules could not catch a mistake in them. Where the pages are silent the stricter
reading is taken.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from hmac import compare_digest


class Operation(StrEnum):
    """What can be asked of the controller."""

    PUSH = "push"
    UPDATE = "update"
    DELETE = "delete"
    STATS = "stats"


class Code(IntEnum):
    """The vendor's error codes that concern permits."""

    CLIENT_CODE_MISSING = 9000
    TOKEN_MISSING = 9001
    TOKEN_WITHOUT_PERMISSION = 9002
    NOT_PARSED = 9003
    END_MISSING = 9004
    END_INVALID = 9005
    PLATE_MISSING = 9006
    START_INVALID = 9007
    REFERENCE_MISSING = 9008
    NOT_FOUND = 9009
    EXISTS = 9022
    TOO_LONG = 9030
    REQUIRED = 9031
    TOO_SHORT = 9032
    INVALID = 9033


class Refusal(Exception):
    """The call is refused, with the vendor's code and a message."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TokenState(StrEnum):
    """What the body's token was worth."""

    VALID = "valid"
    WRONG = "wrong"
    MISSING = "missing"


def is_time(value: str) -> bool:
    """Whether this is a real date and time, written `2018-07-02T09:00:00`."""
    if not re.fullmatch(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}", value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_amount(value: str) -> bool:
    """Whether this is an amount from 0.01 to 999999.99 with exactly two places."""
    return bool(re.fullmatch(r"[0-9]{1,6}\.[0-9]{2}", value)) and Decimal(value) > 0


def is_identifier(value: str) -> bool:
    """Whether this holds nothing but letters, digits and dashes."""
    return bool(re.fullmatch(r"[A-Za-z0-9-]+", value))


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the vendor's table of fields."""

    name: str
    """What the sandbox calls it."""
    names: tuple[str, ...]
    """What a call may call it; exactly one of these."""
    longest: int
    """In code points."""
    required: frozenset[Operation] = frozenset()
    optional: frozenset[Operation] = frozenset()
    shortest: int = 1
    missing: Code = Code.REQUIRED
    invalid: Code = Code.INVALID
    accepts: Callable[[str], bool] = bool


_PUSH = frozenset({Operation.PUSH})
_UPDATE = frozenset({Operation.UPDATE})
_PUSH_UPDATE = _PUSH | _UPDATE

FIELDS = (
    Field(
        "reference",
        ("referenceid", "referenceID", "reference_id"),
        50,
        required=frozenset({Operation.UPDATE, Operation.DELETE}),
        missing=Code.REFERENCE_MISSING,
        accepts=is_identifier,
    ),
    Field(
        "plate",
        ("plate", "LicencePlate"),
        25,
        required=_PUSH,
        optional=_UPDATE,
        missing=Code.PLATE_MISSING,
    ),
    Field(
        "start",
        ("startTime", "StartDateUtc"),
        20,
        required=_PUSH,
        invalid=Code.START_INVALID,
        accepts=is_time,
    ),
    Field(
        "end",
        ("endTime", "EndDateUtc"),
        20,
        required=_PUSH,
        optional=_UPDATE,
        missing=Code.END_MISSING,
        invalid=Code.END_INVALID,
        accepts=is_time,
    ),
    Field(
        "amount",
        ("amount", "Amount"),
        9,
        optional=_PUSH_UPDATE,
        shortest=4,
        accepts=is_amount,
    ),
    Field(
        "currency",
        ("currency", "CurrencyID"),
        10,
        optional=_PUSH_UPDATE,
        accepts=lambda value: value in ("CAD", "USD"),
    ),
    Field("ticket_number", ("permitNo", "TicketNumber"), 50, optional=_PUSH),
    Field("zone", ("zone", "ParkingZoneName"), 200, optional=_PUSH),
)
_BY_NAME = {name: field for field in FIELDS for name in field.names}
TOKEN = "apiToken"  # noqa: S105 - the name of a field
ZONES = "zones"


def parse(body: bytes, media_type: str) -> dict[str, object]:
    """The object in a call's body, whatever its values; refuses what is no such object."""
    if media_type != "application/json":
        raise Refusal(Code.NOT_PARSED, "The content type is not application/json.")
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise Refusal(Code.NOT_PARSED, "The request is not JSON in UTF-8.") from error
    if not isinstance(value, dict):
        raise Refusal(Code.NOT_PARSED, "The request is not a JSON object.")
    return value


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refusal(Code.NOT_PARSED, "The request holds a name twice.")
    return found


def token_state(body: Mapping[str, object], expected: str) -> TokenState:
    """What the body's token is worth."""
    token = body.get(TOKEN)
    if token is None or token == "":
        return TokenState.MISSING
    if not isinstance(token, str):
        return TokenState.WRONG
    same = compare_digest(token.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))
    return TokenState.VALID if same else TokenState.WRONG


def check(operation: Operation, body: Mapping[str, object], token: TokenState) -> dict[str, str]:
    """The call's fields by the sandbox's names, for stats `zones`; raises `Refusal`."""
    sent = _strings(body)
    if token is TokenState.MISSING:
        raise Refusal(Code.TOKEN_MISSING, "The API token is missing.")
    if token is TokenState.WRONG:
        raise Refusal(Code.TOKEN_WITHOUT_PERMISSION, "The API token lacks the permission.")
    sent.pop(TOKEN)
    for name in sent:
        if not _takes(operation, name):
            raise Refusal(Code.NOT_PARSED, f"{name} is no field that {operation} takes.")
    if operation is Operation.STATS:
        return sent
    if len(by_field := canonical(sent)) != len(sent):
        raise Refusal(Code.NOT_PARSED, "A field was sent under two of its names.")
    return check_fields(operation, by_field)


def _strings(body: Mapping[str, object]) -> dict[str, str]:
    strings = {name: value for name, value in body.items() if isinstance(value, str)}
    if len(strings) != len(body):
        raise Refusal(Code.NOT_PARSED, "A value is not a string.")
    if not all(_is_text(name) and _is_text(value) for name, value in strings.items()):
        raise Refusal(Code.NOT_PARSED, "A name or a value is not valid text.")
    return strings


def _takes(operation: Operation, name: str) -> bool:
    if operation is Operation.STATS:
        return name == ZONES
    field = _BY_NAME.get(name)
    return field is not None and operation in field.required | field.optional


def canonical(sent: Mapping[str, str]) -> dict[str, str]:
    """A call's fields under the sandbox's own names; names that are no field's are left out."""
    return {_BY_NAME[name].name: value for name, value in sent.items() if name in _BY_NAME}


def check_fields(operation: Operation, fields: Mapping[str, str]) -> dict[str, str]:
    """The same fields, each of them complete and within its limits; raises `Refusal`."""
    for field in FIELDS:
        value = fields.get(field.name)
        if operation in field.required and (value is None or not value.strip()):
            raise Refusal(field.missing, f"The field {field.names[0]} is required.")
        if value is None:
            continue
        if len(value) > field.longest:
            raise Refusal(
                Code.TOO_LONG,
                f"The field {field.names[0]} is longer than {field.longest} characters.",
            )
        if len(value) < field.shortest:
            raise Refusal(
                Code.TOO_SHORT,
                f"The field {field.names[0]} is shorter than {field.shortest} characters.",
            )
        if not field.accepts(value):
            raise Refusal(field.invalid, f"The value of {field.names[0]} is invalid.")
    check_order(fields.get("start"), fields.get("end"))
    return dict(fields)


def check_order(start: str | None, end: str | None) -> None:
    """Refuse an end that lies before the start."""
    if start is not None and end is not None and end < start:
        raise Refusal(Code.END_INVALID, "The end time lies before the start time.")


def _is_text(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
