"""The controller itself: one call judged, given effect, and written into the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from permits.sandbox import rules
from permits.sandbox.faults import Fault, FaultQueue
from permits.sandbox.ledger import Details, Ledger
from permits.sandbox.misbehaviour import SILENT, json_answer, misshape
from permits.sandbox.rules import Code, Operation, Refusal
from permits.sandbox.settings import Settings
from permits.sandbox.wire import Answer, Request

_SHOWN = 2048
"""How much of an answer's body the ledger keeps, in characters."""
_SECRET = 8
"""A wrong token of this many characters may be somebody's right one elsewhere."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered, and how."""

    answer: Answer
    delay: float
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class _Judgement:
    """A call under the rules, before anything takes effect."""

    answer: Answer
    reference: str | None
    effective: bool
    """Whether it would change a record."""


class Controller:
    """Answers calls as the vendor's controller would, or as a fault has it."""

    def __init__(self, client_code: str, ledger: Ledger, settings: Settings) -> None:
        self.client_code = client_code
        self.ledger = ledger
        self.faults = FaultQueue()
        self._first_settings = self._settings = settings

    @property
    def settings(self) -> Settings:
        """How it behaves now."""
        return self._settings

    def change_settings(self, settings: Settings) -> None:
        """Behave like this from the next call on."""
        if settings.random_faults is not self._settings.random_faults:
            self.faults.strike_at_random(settings.random_faults)
        self._settings = settings

    def reset(self) -> None:
        """Forget everything; be as it was started."""
        self.ledger.reset()
        self.faults.clear()
        self.change_settings(self._first_settings)

    def call(self, operation: Operation, client_code: str, request: Request) -> Reply:
        """Judge one call, give it its effect, journal both; raises JournalError."""
        judged = self._judge(operation, client_code, request)
        fault = self.faults.take(operation)
        answer, applied, reference = judged.answer, judged.effective, judged.reference
        if fault is not None:
            answer = misshape(fault, answer, request.body)
            applied = applied and fault.applied
            if operation is Operation.PUSH and not applied:
                reference = None
        self._note(
            request,
            operation=operation,
            client_code=client_code,
            applied=applied,
            answer=None if fault is not None and fault.name in SILENT else answer,
            fault=fault,
            reference=reference,
        )
        delay = self._settings.delay + (fault.delay if fault else 0)
        return Reply(answer, delay, fault)

    def stray(self, request: Request, answer: Answer) -> Answer:
        """Note a request that is no call at all, such as a redirect that was followed."""
        self._note(request, answer=answer)
        return answer

    def _judge(self, operation: Operation, client_code: str, request: Request) -> _Judgement:
        try:
            return self._accept(operation, client_code, request)
        except Refusal as refusal:
            refused = {"ErrorCode": int(refusal.code), "ErrorMessage": refusal.message}
            answer = json_answer(refused, self._settings.error_status)
            return _Judgement(answer, None, effective=False)

    def _accept(self, operation: Operation, client_code: str, request: Request) -> _Judgement:
        """A call that breaks no rule; raises Refusal for any other."""
        if not client_code or client_code != self.client_code:
            raise Refusal(Code.CLIENT_CODE_MISSING, "The client code is missing or unknown.")
        body = rules.parse(request.body, request.media_type)
        token = rules.token_state(body, self._settings.token)
        fields = rules.check(operation, body, token)
        if operation is Operation.STATS:
            return _Judgement(self._stats(fields.get(rules.ZONES)), None, effective=False)
        reference = self._check_record(operation, fields)
        return _Judgement(_success(reference), reference, effective=True)

    def _check_record(self, operation: Operation, fields: dict[str, str]) -> str:
        """The reference of the record that a call is about, a new one for a push."""
        if operation is Operation.PUSH:
            if self._settings.duplicates == "refuse" and self.ledger.holds(Details(**fields)):
                raise Refusal(Code.EXISTS, "A record with these details already exists.")
            return str(uuid4())
        record = self.ledger.own(fields["reference"])
        if record is None:
            raise Refusal(Code.NOT_FOUND, "The record was not found.")
        if operation is Operation.UPDATE:
            rules.check_order(record.details.start, fields.get("end"))
        return record.reference

    def _stats(self, wanted: str | None) -> Answer:
        totals = self.ledger.totals(
            counts_expired=self._settings.counts_expired, now=datetime.now(UTC)
        )
        names = {name.strip() for name in wanted.split(",")} if wanted else None
        rows = [
            {"type": kind, "zone": zone, "total": str(totals[zone, kind])}
            for zone in self.ledger.zones
            if names is None or zone in names
            for kind in ("standard", "temp")
        ]
        return json_answer({"data": rows})

    def _note(
        self,
        request: Request,
        *,
        operation: Operation | None = None,
        client_code: str | None = None,
        applied: bool = False,
        answer: Answer | None,
        fault: Fault | None = None,
        reference: str | None = None,
    ) -> None:
        body = _lenient(request)
        shown = None if answer is None else answer.body.decode("utf-8", "replace")
        self.ledger.commit(
            {
                "kind": "request",
                "method": request.method,
                "path": request.path,
                "operation": operation,
                "client_code": client_code,
                "headers": [(name, self._scrub(value, body)) for name, value in request.headers],
                "fields": None if body is None else _without_token(body),
                "token": rules.token_state(body or {}, self._settings.token),
                "applied": applied,
                "status": None if answer is None else answer.status,
                "answer": None if shown is None else self._scrub(shown, body)[:_SHOWN],
                "fault": fault.name if fault else None,
                "reference": reference,
            }
        )

    def _scrub(self, text: str, body: Mapping[str, object] | None) -> str:
        """A text without the token, and without a wrong one long enough to be somebody's."""
        sent = (body or {}).get(rules.TOKEN)
        if isinstance(sent, str) and len(sent) >= _SECRET:
            text = text.replace(sent, "[token]")
        return text.replace(self._settings.token, "[token]")


def _success(reference: str) -> Answer:
    return json_answer(
        {"status": "success", "reference_id": reference, "InternalReferenceID": reference}
    )


def _lenient(request: Request) -> dict[str, object] | None:
    """The body's object for the ledger, even of a call that was refused unread."""
    try:
        return rules.parse(request.body, "application/json")
    except Refusal:
        return None


def _without_token(body: Mapping[str, object]) -> dict[str, object]:
    """What was sent, without the token, however its name was written."""
    return {
        name: value
        for name, value in body.items()
        if name.lower().replace("_", "").replace("-", "") != "apitoken"
    }
