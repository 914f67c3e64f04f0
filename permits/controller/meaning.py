"""What an answer means.

No HTTP status is documented, so the body decides: an `ErrorCode` is a refusal whatever its status.
An answer that contradicts itself (a success under an error status, a success with an `ErrorCode`)
is not believed either way.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from permits.controller.answers import RESPONSE_KEPT, Answer, ZoneTotal
from permits.controller.cleaning import clean
from permits.controller.errors import (
    Busy,
    ConfigurationRefused,
    OutcomeUnknown,
    PermitRefused,
    RecordNotFound,
    Refused,
)
from permits.controller.requests import Request
from permits.transport import Received

CONFIGURATION_CODES: Final = frozenset({9000, 9001, 9002})
RECORD_NOT_FOUND: Final = 9009
ALREADY_EXISTS: Final = 9022
CONFIGURATION_STATUSES: Final = frozenset({401, 403, 404})
BUSY_STATUSES: Final = frozenset({429, 503})
RETRY_AFTER_MAX: Final = 86_400.0  # seconds; a longer wait named by the controller is cut to a day


def refuse(
    request: Request, received: Received, body: Mapping[str, Any], answer: Answer, token: str
) -> None:
    """Raise what the answer means, unless it is a success."""
    status = received.status or 0
    succeeded = "data" in body if request.path == "stats" else body.get("status") == "success"
    code = _code(body)
    if code is not None and not succeeded:
        message = clean(str(body.get("ErrorMessage") or ""), token)[:RESPONSE_KEPT]
        raise _refusal(request, code)(message, answer=answer, code=code)
    if succeeded and "ErrorCode" not in body and 200 <= status < 300:
        return
    if succeeded:
        why = "The controller's answer contradicts itself: a success and an error in one."
        raise OutcomeUnknown(why, answer=answer)
    if 300 <= status < 400:
        raise ConfigurationRefused(
            f"The controller points to another address (HTTP {status}).", answer=answer
        )
    if status in CONFIGURATION_STATUSES:
        raise ConfigurationRefused(
            f"The controller turned the call away (HTTP {status}).", answer=answer
        )
    if status in BUSY_STATUSES:
        raise Busy(
            f"The controller is busy (HTTP {status}).",
            answer=answer,
            retry_after=_retry_after(received.headers),
        )
    if received.failure:
        why = f"The answer was lost: {clean(received.failure, token)}."
    else:
        why = f"The controller's answer (HTTP {status}) is not the agreed one."
    raise OutcomeUnknown(why, answer=answer)


def date_of(text: str) -> datetime | None:
    """Return the moment that a header names; None where it names none, or no zone with it."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else None


def total_of(row: Any) -> ZoneTotal | None:
    """Return one row of the counts; None where it cannot be read."""
    if not isinstance(row, dict):
        return None
    zone, kind, total = row.get("zone"), row.get("type"), str(row.get("total", ""))
    if not isinstance(zone, str) or not isinstance(kind, str):
        return None
    if not (total.isascii() and total.isdigit() and len(total) < 10):
        return None
    return ZoneTotal(zone, kind, int(total))


def _code(body: Mapping[str, Any]) -> int | None:
    """Return the `ErrorCode`, sent as a number or as its digits; anything else is none."""
    code = body.get("ErrorCode")
    if isinstance(code, str) and code.isascii() and code.isdigit() and len(code) < 10:
        return int(code)
    if isinstance(code, int) and not isinstance(code, bool) and abs(code) < 10**9:
        return code
    return None


def _refusal(request: Request, code: int) -> type[Refused]:
    if code in CONFIGURATION_CODES:
        return ConfigurationRefused
    if code == RECORD_NOT_FOUND and request.reference_id:
        return RecordNotFound
    return PermitRefused


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds to wait that `Retry-After` names, as a number or as a date."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_MAX)
    date = date_of(text)
    if date is None:
        return 0
    return min(max((date - datetime.now(UTC)).total_seconds(), 0), RETRY_AFTER_MAX)
