"""How a record is written down as text, and the keyed digest over it. Knows no Django.

The text is the same whichever database the record came from, and docs/archives.md describes it for
whoever checks an exported archive: JSON in ASCII, keys in order, no spaces. A field that is empty
is left out, so that a field which a later version adds changes no digest of an older record.
"""

import hashlib
import hmac
import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

LENGTH: Final = 32  # bytes of a digest
_EMPTY: Final[tuple[Any, ...]] = (None, "", {}, [])
_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def text(content: Mapping[str, Any]) -> str:
    """Return the one text of what JSON can hold."""
    return _JSON.encode(content)


def fields(values: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the fields as JSON can hold them, but for the empty ones."""
    return {name: value(each) for name, each in values if each or each not in _EMPTY}


def value(given: Any) -> Any:
    """Return a value as JSON holds it, alike however a database has returned it."""
    match given:
        case str():
            return str(given)  # of a choice its text
        case int():
            return given
        case datetime():
            return moment(given)
        case Decimal():
            return f"{given:.2f}"
        case float() if given.is_integer():
            return int(given)  # PostgreSQL says 1e3 as 1000
        case float() if not math.isfinite(given):
            return str(given)  # JSON has none, so somebody else has put it there: 1e999
        case dict():
            return {str(name): value(each) for name, each in given.items()}
        case list() | tuple():
            return [value(each) for each in given]
    return given


def moment(given: datetime) -> str:
    """Return a moment in UTC, to the microsecond."""
    return given.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def keyed(key: bytes, content: Mapping[str, Any]) -> bytes:
    """Return the HMAC-SHA256 of what was written down."""
    return keyed_text(key, text(content))


def keyed_text(key: bytes, written: str) -> bytes:
    """Return the same of a text that is there already."""
    return hmac.digest(key, written.encode(), "sha256")


def plain(content: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 of what was written down, which anybody can check."""
    return hashlib.sha256(text(content).encode()).digest()
