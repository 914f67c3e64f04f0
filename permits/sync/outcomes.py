"""Record: what came of a call, for the attempt, the permit and its bulk run."""

import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from permits import digests, limits
from permits.controller import (
    Acknowledgement,
    ConfigurationRefused,
    ControllerError,
    NotBegun,
    NotSent,
    OutcomeUnknown,
    PermitRefused,
    RecordNotFound,
    Request,
    Totals,
)
from permits.models import BatchItem, Decision, Permit, SyncAttempt
from permits.models.chain import Entry, Head, Move, Overtaken, extend, read_head
from permits.stored import said
from permits.sync.rows import lock
from permits.sync.statements import change

RETRY_FIRST: Final = timedelta(seconds=5)
RETRY_LONGEST: Final = timedelta(minutes=15)

Outcome = SyncAttempt.Outcome
State = Permit.State

# After these, an edit that was asked to be sent during the call follows by itself.
_MAY_FOLLOW: Final = (State.SYNCED, State.CHANGED, State.REJECTED)


def record(
    permit_id: int,
    attempt: SyncAttempt,
    request: Request,
    result: Acknowledgement | ControllerError,
) -> None:
    """Close the attempt and move the permit on, writing only the fields of the call.

    Where the attempt was given up meanwhile (its lease ran out), the answer is late: it still
    settles the permit if nobody has decided, and is written down in any case.
    """
    while True:
        try:
            _record(permit_id, attempt, request, result)
        except Overtaken:
            continue  # the chain's end was read before PostgreSQL had waited for the permit
        return


def _record(
    permit_id: int,
    attempt: SyncAttempt,
    request: Request,
    result: Acknowledgement | ControllerError,
) -> None:
    now = timezone.now()
    with transaction.atomic():
        permit = lock(permit_id)
        closed = close(attempt, result, now, permit and permit.head)
        if permit and (closed or _note_late_answer(permit, attempt, result)):
            settle(permit, request, result, now)


def settle(
    permit: Permit, request: Request, result: Acknowledgement | ControllerError, now: datetime
) -> None:
    """Move a locked permit on by what came of its call."""
    changes: dict[str, Any] = {"due_at": now, "tries": 0, "send_again": False}
    changes |= _after(permit, request, result, now)
    # An outside tool asks by setting the state, and may do so while the call is under way.
    asked = permit.send_again or permit.state == State.QUEUED
    if asked and changes["state"] in _MAY_FOLLOW and permit.operation_due():
        changes["state"] = State.QUEUED
    if changes["state"] != State.QUEUED or changes["due_at"] is None:
        changes |= leave_batch(permit, changes["state"], now)
    change(Permit, {"id": permit.pk}, changes)
    if isinstance(result, Acknowledgement) and request.path == "push":
        take_off_replaced(permit, actor=permit.asked_by)


def _after(
    permit: Permit, request: Request, result: Acknowledgement | ControllerError, now: datetime
) -> dict[str, Any]:
    """Return the permit's fields after the call: the outcome table, row by row."""
    match result:
        case Acknowledgement() if request.path == "delete":
            return {"state": State.DELETED, "acknowledged": {}}
        case Acknowledgement():
            internal = result.internal_reference_id or permit.internal_reference_id
            return {
                **on_controller(permit, result.reference_id, request.fields),
                "internal_reference_id": internal,
            }
        case RecordNotFound() if request.path == "delete":
            return {"state": State.DELETED, "acknowledged": {}}
        case RecordNotFound():
            return {"state": State.MISSING, "acknowledged": {}}
        case PermitRefused() if request.path == "push" and permit.withdrawn_at:
            return {"state": State.DELETED}  # it came to nothing, and nobody wants it any more
        case PermitRefused():
            return {"state": State.REJECTED}
        case ConfigurationRefused() | NotBegun():
            return {"state": State.QUEUED, "tries": permit.tries}
        case NotSent():
            return _later(permit, now, result.retry_after)
        case _ if request.path == "push":
            return {"state": State.IN_DOUBT}
        case _:
            return doubtful(permit, request) | _later(permit, now)


def on_controller(permit: Permit, reference_id: str, fields: dict[str, str]) -> dict[str, Any]:
    """Return the fields of a permit of which the controller holds `fields`."""
    permit.reference_id = reference_id
    permit.acknowledged = permit.acknowledged | fields
    return {
        "reference_id": reference_id,
        "acknowledged": permit.acknowledged,
        "state": permit.resting_state(),
    }


def doubtful(permit: Permit, request: Request) -> dict[str, Any]:
    """Return what is still known of the controller's record after an unknown update or delete.

    Fields that the call may have changed are no longer known. They then differ from any wish, so
    that the repeat says them again even if staff meanwhile went back to the old value.
    """
    touched: Iterable[str] = request.fields if request.path == "update" else limits.CHANGEABLE
    known: dict[str, str | None] = permit.acknowledged
    unknown = {
        field: None
        for field in touched
        if (request.path == "update" and known.get(field) != request.fields[field])
        or (request.path == "delete" and field in known)
    }
    return {"acknowledged": known | unknown}


def _later(permit: Permit, now: datetime, retry_after: float = 0) -> dict[str, Any]:
    """Return when to try again: later each time, with jitter, and at last never by itself."""
    tries = permit.tries + 1
    if tries >= settings.OPSCOM_RETRY_TRIES:
        return {"state": State.QUEUED, "tries": tries, "due_at": None}
    longest = min(RETRY_FIRST * 2 ** min(tries - 1, 20), RETRY_LONGEST)
    wait = max(longest * random.uniform(0.5, 1), timedelta(seconds=retry_after))  # noqa: S311
    return {"state": State.QUEUED, "tries": tries, "due_at": now + wait}


def leave_batch(permit: Permit, state: str, now: datetime, *, note: str = "") -> dict[str, Any]:
    """Write what came of a permit into its bulk run, and return the fields that end its part.

    A note says why no call was made, where there was none to make.
    """
    if permit.batch_id is None:
        return {}
    result = _RESULTS.get(State(state), BatchItem.Result.PASSED if note else BatchItem.Result.DONE)
    change(
        BatchItem,
        {"batch": permit.batch_id, "permit": permit.pk},
        {"result": result, "settled_at": now, "note": note},
    )
    return {"batch": None}


_RESULTS: Final = {
    State.QUEUED: BatchItem.Result.NOT_SENT,
    State.REJECTED: BatchItem.Result.REJECTED,
    State.MISSING: BatchItem.Result.MISSING,
    State.IN_DOUBT: BatchItem.Result.IN_DOUBT,
}


def put_after_call(permit: Permit) -> None:
    """See a locked permit that was queued from outside during its call as being sent still.

    That is a wish for after the call, and whoever decides meanwhile decides as during any call.
    """
    sending = SyncAttempt.Outcome.SENDING
    if permit.state == State.QUEUED and permit.attempts.filter(outcome=sending).exists():
        permit.state, permit.send_again = State.SENDING, True
        permit.due_at = permit.due_at or timezone.now()
        change(
            Permit,
            {"id": permit.pk},
            {"state": permit.state, "send_again": True, "due_at": permit.due_at},
        )


def take_off_replaced(permit: Permit, *, actor: str) -> None:
    """Take the permit off that this one, which is on the controller now, replaces.

    One that was withdrawn meanwhile goes itself, and replaces nothing: never are both gone.
    """
    if permit.replaces_id and not permit.withdrawn_at:
        reason = said("Replaced by %(number)s.") % {"number": permit.pk}
        take_off(permit.replaces_id, actor=actor, reason=reason)


def take_off(permit_id: int, *, actor: str, reason: str = "") -> None:
    """Note that staff want the permit off the controller, and what follows for its state.

    Source-independent; the delete itself is made by whoever sends next.
    """
    now = timezone.now()
    with transaction.atomic():
        permit = Permit.objects.select_for_update(of=("self",), no_key=True).get(pk=permit_id)
        put_after_call(permit)
        if permit.withdrawn_at or permit.state == State.DELETED:
            return
        changes: dict[str, Any] = {"withdrawn_at": now, "asked_by": actor}
        if permit.state == State.SENDING:
            changes |= {"send_again": True}
        elif permit.state != State.IN_DOUBT:
            there = permit.reference_id and permit.state != State.MISSING
            # Queued from outside while in doubt: whoever sends next puts it back there.
            in_doubt = not permit.reference_id and (
                SyncAttempt.objects.undecided().filter(permit=permit).exists()
            )
            state = State.QUEUED if there or in_doubt else State.DELETED
            changes |= {"state": state, "due_at": now, "tries": 0}
            if state == State.DELETED:
                changes |= {"acknowledged": {}}
                changes |= leave_batch(permit, state, now, note=said("it was withdrawn"))
        Permit.objects.filter(pk=permit.pk).update(**changes)
        Decision.objects.create(
            permit=permit,
            verdict=Decision.Verdict.WITHDRAW,
            reference_id=permit.reference_id,
            reason=reason,
            actor=actor,
            decided_at=now,
        )


def close(
    attempt: SyncAttempt,
    result: Acknowledgement | Totals | ControllerError,
    now: datetime,
    head: Head | None = None,
) -> bool:
    """Write what came of the call into its attempt, once; return False where that was done.

    Whoever has the permit's row passes its head; else the chain is read.
    """
    took = result.answer.took
    lasted = now - attempt.started_at if took is None else timedelta(seconds=took)
    answered = {
        "outcome": _outcome(result),
        "finished_at": now,
        "duration_ms": max(round(lasted / timedelta(milliseconds=1)), 0),
        "http_status": result.answer.status,
        "response": result.answer.text,
        "response_length": result.answer.length,
        "error_code": result.code if isinstance(result, ControllerError) else None,
        "error_message": str(result) if isinstance(result, ControllerError) else "",
    }
    return write_end(attempt, answered, read_head(attempt.chain()) if head is None else head)


def write_end(attempt: SyncAttempt, fields: Mapping[str, Any], head: Head) -> bool:
    """Close the attempt with these fields and its link; return False where that was done."""
    known = [("id", attempt.pk), ("opened_link", attempt.opened_link)]
    chain, closing = attempt.chain(), digests.fields([*known, *fields.items()])
    (link,), new = extend(chain, [Entry("call closed", closing)], head)
    fields = {**fields, "link": link.number, "digest": link.digest}
    under_way = {"id": attempt.pk, "outcome": Outcome.SENDING}
    if not change(SyncAttempt, under_way, fields, Move(chain, head.length, new)):
        return False
    for name, value in fields.items():
        setattr(attempt, name, value)
    return True


def _outcome(result: Acknowledgement | Totals | ControllerError) -> "SyncAttempt.Outcome":
    match result:
        case Acknowledgement() | Totals():
            return Outcome.SUCCEEDED
        case NotSent():
            return Outcome.NOT_SENT
        case OutcomeUnknown():
            return Outcome.IN_DOUBT
        case _:
            return Outcome.REJECTED


def _note_late_answer(
    permit: Permit, attempt: SyncAttempt, result: Acknowledgement | ControllerError
) -> bool:
    """Write down an answer that came after its call was given up; return whether it settles."""
    settles = (
        permit.state == State.IN_DOUBT
        and not isinstance(result, OutcomeUnknown)
        and SyncAttempt.objects.undecided().filter(pk=attempt.pk).exists()
    )
    found = result.reference_id if isinstance(result, Acknowledgement) else ""
    Decision.objects.create(
        permit=permit,
        attempt=attempt if settles else None,
        verdict=Decision.Verdict.LATE_ANSWER,
        reference_id=found,
        reason=said("The answer to %(call)s came after the call had been given up: %(answer)s")
        % {
            "call": f"{attempt.operation.capitalize()} #{attempt.pk}",
            "answer": said("the controller did it, under %(found)s.") % {"found": found}
            if found
            else result,
        },
    )
    return settles
