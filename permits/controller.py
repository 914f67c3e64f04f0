"""The OPS-COM Controller's API: push, update and delete a permit, and counts per zone.

Source: the vendor's public pages for permit create, update, delete and stats, and its error codes.
This module knows nothing of Django. A call either returns what the controller acknowledged, or
raises one of

    ControllerError
    ├── NotSent                   surely without effect: try again later
    │   ├── NotBegun              held back by us, because calls paused or the portal is ending
    │   ├── Unreachable           no byte of the request left: refused, DNS, no route, TLS, timeout
    │   └── Busy                  429 or 503; `retry_after` where the controller names a wait
    ├── Refused                   the controller said no
    │   ├── PermitRefused         to this permit
    │   │   └── RecordNotFound    it holds no record with this reference ID (9009)
    │   └── ConfigurationRefused  to everything we would send: codes 9000 to 9002, 401, 403, 404,
    │                             any redirect
    └── OutcomeUnknown            it may or may not have happened

No HTTP status is documented, so the body decides: an `ErrorCode` is a refusal whatever its status.
An answer that contradicts itself (a success under an error status, a success with an `ErrorCode`)
is not believed either way. The API token is in no exception, no `repr` and no record.
"""

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from permits import limits
from permits.stored import said
from permits.transport import Confidential, Received, Transport

Path = Literal["push", "update", "delete", "stats"]

RESPONSE_KEPT: Final = 10_000  # characters of an answer that are kept for the record
CONFIGURATION_CODES: Final = frozenset({9000, 9001, 9002})
RECORD_NOT_FOUND: Final = 9009
ALREADY_EXISTS: Final = 9022
CONFIGURATION_STATUSES: Final = frozenset({401, 403, 404})
BUSY_STATUSES: Final = frozenset({429, 503})
RETRY_AFTER_MAX: Final = 86_400.0  # seconds; a longer wait named by the controller is cut to a day
UTC_ZONES: Final = frozenset({"UTC", "Etc/UTC"})

_HEADERS: Final = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-cache",
    "User-Agent": "permitportal",
}

# The name each field is sent under. The vendor takes several; these are the first of its rows.
# Times go under the names that fit what the zone of times is set to.
_NAMES: Final = {
    "plate": "plate",
    "start_time": "startTime",
    "end_time": "endTime",
    "amount": "amount",
    "currency": "currency",
    "ticket_number": "permitNo",
    "zone": "zone",
}
_UTC_NAMES: Final = _NAMES | {"start_time": "StartDateUtc", "end_time": "EndDateUtc"}
_FIELDS: Final = {name: field for names in (_NAMES, _UTC_NAMES) for field, name in names.items()}


@dataclass(frozen=True)
class Request:
    """One call as it will be sent, but for the token."""

    path: Path
    body: Mapping[str, str]  # by the controller's names

    @classmethod
    def push(cls, wanted: Mapping[str, str], zone: ZoneInfo) -> "Request":
        """Create a record from a permit's fields, as they go on the wire."""
        return cls("push", _on_wire(wanted, zone))

    @classmethod
    def update(cls, reference_id: str, changed: Mapping[str, str], zone: ZoneInfo) -> "Request":
        """Change the fields of a record that are given, and no others."""
        if not changed or not set(changed) <= set(limits.CHANGEABLE):
            raise ValueError(f"An update cannot consist of {sorted(changed)}.")
        return cls("update", {"reference_id": reference_id, **_on_wire(changed, zone)})

    @classmethod
    def delete(cls, reference_id: str) -> "Request":
        """Remove a record."""
        return cls("delete", {"reference_id": reference_id})

    @classmethod
    def stats(cls, zones: Iterable[str] = ()) -> "Request":
        """Count the permits of these zones, or of all."""
        names = ",".join(limits.zone_name(zone) for zone in zones)
        return cls("stats", {"zones": names} if names else {})

    @property
    def reference_id(self) -> str:
        """The record that the call concerns; empty for a push and for stats."""
        return self.body.get("reference_id", "")

    @property
    def fields(self) -> dict[str, str]:
        """The permit's fields in the call, by our names."""
        return {_FIELDS[name]: text for name, text in self.body.items() if name in _FIELDS}


@dataclass(frozen=True)
class Answer:
    """What came back, fit to be kept: no token, no character that a database refuses."""

    status: int | None = None  # HTTP status
    text: str = ""  # the body, cut to `RESPONSE_KEPT` characters
    length: int | None = None  # bytes that came
    took: float | None = None  # seconds that the call lasted; None where none was made to its end
    date: datetime | None = None  # what time the controller said it was, if it did


@dataclass(frozen=True)
class Acknowledgement:
    """The controller did what it was asked."""

    answer: Answer
    reference_id: str
    internal_reference_id: str  # empty where the controller named none that is valid


@dataclass(frozen=True)
class ZoneTotal:
    """How many permits of one type the controller counts in one zone."""

    zone: str
    type: str
    total: int


@dataclass(frozen=True)
class Totals:
    """The controller's counts."""

    answer: Answer
    totals: tuple[ZoneTotal, ...]


class ControllerError(Exception):
    """A call that did not succeed; the text says why, in a sentence for a person."""

    def __init__(
        self, message: str, *, answer: Answer, code: int | None = None, retry_after: float = 0
    ) -> None:
        """Keep the reason, the answer as far as it came, and the controller's code."""
        super().__init__(message)
        self.answer = answer
        self.code = code
        self.retry_after = retry_after  # seconds; 0 where the controller named no wait


class NotSent(ControllerError):
    """The call surely had no effect."""


class NotBegun(NotSent):
    """We held the call back; the controller was not even asked."""


class Unreachable(NotSent):
    """No byte of the request left."""


class Busy(NotSent):
    """The controller asked us to come back later."""


class Refused(ControllerError):
    """The controller said no."""


class PermitRefused(Refused):
    """The controller refused this permit."""


class RecordNotFound(PermitRefused):
    """The controller holds no record with the reference ID."""


class ConfigurationRefused(Refused):
    """The controller would refuse every call as things stand."""


class OutcomeUnknown(ControllerError):
    """The call may or may not have taken effect."""


@dataclass(frozen=True)
class Controller:
    """The controller of one installation."""

    url: str  # scheme and host
    client_code: str
    token: str = field(repr=False)
    connect_timeout: float  # seconds, as the next two
    read_timeout: float
    deadline: float
    connections: int  # calls at once
    _transport: Transport = field(init=False, repr=False, compare=False)
    _token_in_text: re.Pattern[str] = field(init=False, repr=False, compare=False)
    _slots: threading.BoundedSemaphore = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Set up what the threads share."""
        transport = Transport(
            headers=_HEADERS,
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            deadline=self.deadline,
        )
        object.__setattr__(self, "_transport", transport)
        token = re.compile(re.escape(self.token), re.IGNORECASE)
        object.__setattr__(self, "_token_in_text", token)
        object.__setattr__(self, "_slots", threading.BoundedSemaphore(self.connections))

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for one of the `connections` calls that may be made at once, and hold it."""
        with self._slots:
            yield

    def apply(self, request: Request, *, content: bytes | None = None) -> Acknowledgement:
        """Make a push, update or delete; raises `ControllerError`.

        `content` goes out in place of the request where it is given: a trial of what must be
        refused. The token is not added to it.
        """
        answer, body = self._call(request, content)
        reference = body.get("reference_id")
        try:
            reference_id = limits.reference_id(reference if isinstance(reference, str) else "")
        except limits.LimitError:
            raise OutcomeUnknown(
                said("The controller said success, but named no valid reference ID."), answer=answer
            ) from None
        if reference_id != reference or (
            request.reference_id and reference_id != request.reference_id
        ):
            raise OutcomeUnknown(
                said("The controller said success, but for a different reference ID."),
                answer=answer,
            )
        named = body.get("InternalReferenceID")
        try:
            internal = limits.reference_id(named if isinstance(named, str) else "")
        except limits.LimitError:
            internal = ""
        return Acknowledgement(answer, reference_id, internal)

    def count(self, request: Request) -> Totals:
        """Fetch the counts per zone and type; raises `ControllerError`."""
        answer, body = self._call(request)
        rows = body["data"]
        totals = tuple(_total(row) for row in rows) if isinstance(rows, list) else (None,)
        if None in totals:
            raise OutcomeUnknown(said("The controller's counts cannot be read."), answer=answer)
        return Totals(answer, tuple(total for total in totals if total))

    def _call(
        self, request: Request, content: bytes | None = None
    ) -> tuple[Answer, dict[str, Any]]:
        if content is None:
            # A body that names a token goes out with that one: a trial, as above.
            content = Confidential(json.dumps({"apiToken": self.token, **request.body}).encode())
        received = self._transport.post(
            f"{self.url}/api/{self.client_code}/v1/permits/{request.path}", Confidential(content)
        )
        answer = Answer(
            received.status,
            self._clean(received.body.decode(errors="replace"))[:RESPONSE_KEPT],
            len(received.body) if received.status else None,
            received.took,
            _date(received.headers.get("Date", "")),
        )
        if not received.sent:
            raise Unreachable(
                said("The controller could not be reached: %(failure)s.")
                % {"failure": self._clean(received.failure)},
                answer=answer,
            )
        body = self._parse(received)
        self._refuse(request, received, body, answer)
        return answer, body

    def _refuse(
        self, request: Request, received: Received, body: dict[str, Any], answer: Answer
    ) -> None:
        """Raise what the answer means, unless it is a success."""
        status = received.status or 0
        succeeded = "data" in body if request.path == "stats" else body.get("status") == "success"
        code = _code(body)
        if code is not None and not succeeded:
            message = self._clean(str(body.get("ErrorMessage") or ""))[:RESPONSE_KEPT]
            raise _refusal(request, code)(message, answer=answer, code=code)
        if succeeded and "ErrorCode" not in body and 200 <= status < 300:
            return
        if succeeded:
            why = said("The controller's answer contradicts itself: a success and an error in one.")
            raise OutcomeUnknown(why, answer=answer)
        if 300 <= status < 400:
            raise ConfigurationRefused(
                said("The controller points to another address (HTTP %(status)s).")
                % {"status": status},
                answer=answer,
            )
        if status in CONFIGURATION_STATUSES:
            raise ConfigurationRefused(
                said("The controller turned the call away (HTTP %(status)s).") % {"status": status},
                answer=answer,
            )
        if status in BUSY_STATUSES:
            raise Busy(
                said("The controller is busy (HTTP %(status)s).") % {"status": status},
                answer=answer,
                retry_after=_retry_after(received.headers),
            )
        if received.failure:
            why = said("The answer was lost: %(failure)s.") % {
                "failure": self._clean(received.failure)
            }
        else:
            why = said("The controller's answer (HTTP %(status)s) is not the agreed one.") % {
                "status": status
            }
        raise OutcomeUnknown(why, answer=answer)

    def _parse(self, received: Received) -> dict[str, Any]:
        """Return the answer's object without the token; empty where there is no whole object."""
        if received.failure:
            return {}
        try:
            body = self._hide_in(json.loads(received.body.decode()))
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    def _hide_in(self, value: Any) -> Any:
        match value:
            case str():
                return self._hide(value)
            case list():
                return [self._hide_in(each) for each in value]
            case dict():
                return {self._hide(name): self._hide_in(each) for name, each in value.items()}
            case _:
                return value

    def _hide(self, text: str) -> str:
        return self._token_in_text.sub("[token]", text)

    def _clean(self, text: str) -> str:
        """Take out the token, and what no database stores: NUL and lone surrogates."""
        return self._hide(text.replace("\x00", "\ufffd").encode(errors="replace").decode())


def _on_wire(fields: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    names = _UTC_NAMES if zone.key in UTC_ZONES else _NAMES
    return {names[name]: text for name, text in fields.items()}


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
    date = _date(text)
    if date is None:
        return 0
    return min(max((date - datetime.now(UTC)).total_seconds(), 0), RETRY_AFTER_MAX)


def _date(text: str) -> datetime | None:
    """Return the moment that a header names; None where it names none, or no zone with it."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else None


def _total(row: Any) -> ZoneTotal | None:
    if not isinstance(row, dict):
        return None
    zone, kind, total = row.get("zone"), row.get("type"), str(row.get("total", ""))
    if not isinstance(zone, str) or not isinstance(kind, str):
        return None
    if not (total.isascii() and total.isdigit() and len(total) < 10):
        return None
    return ZoneTotal(zone, kind, int(total))
