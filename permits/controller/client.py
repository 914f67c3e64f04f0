"""The controller of one installation: a call goes out, and what it means comes back."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from permits import limits
from permits.controller.answers import RESPONSE_KEPT, Acknowledgement, Answer, Totals
from permits.controller.cleaning import clean, parse
from permits.controller.errors import OutcomeUnknown, Unreachable
from permits.controller.meaning import date_of, refuse, total_of
from permits.controller.requests import Request
from permits.transport import Confidential, Transport


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
    _slots: threading.BoundedSemaphore = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Set up what the threads share."""
        transport = Transport(
            connect_timeout=self.connect_timeout,
            read_timeout=self.read_timeout,
            deadline=self.deadline,
        )
        object.__setattr__(self, "_transport", transport)
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
                "The controller said success, but named no valid reference ID.", answer=answer
            ) from None
        if reference_id != reference or (
            request.reference_id and reference_id != request.reference_id
        ):
            raise OutcomeUnknown(
                "The controller said success, but for a different reference ID.", answer=answer
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
        totals = tuple(total_of(row) for row in rows) if isinstance(rows, list) else (None,)
        if None in totals:
            raise OutcomeUnknown("The controller's counts cannot be read.", answer=answer)
        return Totals(answer, tuple(total for total in totals if total))

    def _call(
        self, request: Request, content: bytes | None = None
    ) -> tuple[Answer, dict[str, Any]]:
        if content is None:
            # A body that names a token goes out with that one: a trial, as above.
            content = Confidential(json.dumps({"apiToken": self.token, **request.body}).encode())
        received = self._transport.post(
            f"{self.url}/api/{self.client_code}/v1/permits/{request.path}",
            {
                "Content-Type": "application/json",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Cache-Control": "no-cache",
                "User-Agent": "permitportal",
            },
            Confidential(content),
        )
        answer = Answer(
            received.status,
            clean(received.body.decode(errors="replace"), self.token)[:RESPONSE_KEPT],
            len(received.body) if received.status else None,
            received.took,
            date_of(received.headers.get("Date", "")),
        )
        if not received.sent:
            raise Unreachable(
                f"The controller could not be reached: {clean(received.failure, self.token)}.",
                answer=answer,
            )
        body = parse(received, self.token)
        refuse(request, received, body, answer, self.token)
        return answer, body
