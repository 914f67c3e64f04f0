"""Make calls: one at a time, each claimed before and recorded after."""

import time
from datetime import datetime
from typing import Final

import structlog
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from permits.controller import (
    Acknowledgement,
    Answer,
    ControllerError,
    NotBegun,
    OutcomeUnknown,
)
from permits.models import Operation, Permit, SyncAttempt
from permits.stored import said
from permits.sync import link
from permits.sync.claims import Claim, claim, renew
from permits.sync.outcomes import record

WAIT_FOR_ANOTHER: Final = 0.05  # seconds between two looks at a call that someone else makes

log = structlog.get_logger(__name__)

# How long to insist on writing down what a call brought, when the database does not take it.
RECORD_WAITS: Final = (0.1, 0.5, 2.0, 5.0, 10.0, 20.0, 20.0)


def send(permit_id: int) -> SyncAttempt | None:
    """Make the calls that are due for one permit, now; return the last of them.

    Where someone else is making the call already, wait for that one's end and return it. Nothing
    is called, and None returned, where nothing is due or the queue is paused. Must not run inside
    a transaction.
    """
    attempt = None
    began = timezone.now()
    # After a success an edit made meanwhile may follow at once; after anything else it would only
    # meet the same fault again.
    while (attempt is None or attempt.outcome == SyncAttempt.Outcome.SUCCEEDED) and (
        made := call_one(permit_id)
    ) is not None:
        attempt = made.attempt
    attempt = attempt or _made_by_another(permit_id, began)
    if attempt and attempt.operation == Operation.PUSH:
        replaced = Permit.objects.filter(pk=permit_id).values_list("replaces", flat=True).get()
        if replaced is not None:
            send(replaced)
    return attempt


def _made_by_another(permit_id: int, since: datetime) -> SyncAttempt | None:
    """Wait for the call that someone else is making; return it, or None where nobody is."""
    latest = SyncAttempt.objects.filter(permit=permit_id, lease_until__gt=since)
    while (attempt := latest.order_by("-pk").first()) is not None and attempt.finished_at is None:
        if attempt.lease_until < timezone.now():
            return None
        time.sleep(WAIT_FOR_ANOTHER)
    return attempt if attempt and attempt.finished_at and attempt.finished_at >= since else None


def call_one(permit_id: int | None = None) -> Claim | None:
    """Claim this permit, or whichever is most urgent, call the controller, and record the result.

    A call for a given permit is a person's, and is let through as the probe of a paused queue.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A call to the controller must not be made inside a transaction.")
    urgent = permit_id is not None
    probing = urgent and link.is_paused()
    if probing and not link.begin_probe(scheduled=False):
        return None
    link.take_turn(urgent=urgent)
    holds = link.holds()
    claimed = claim(permit_id)
    if claimed is None:
        if probing:
            link.leave_probe()
        return None
    with link.controller().slot():
        result = _call(claimed, holds)
        if isinstance(result, ControllerError):
            # Before the connection is free: the next call must not meet a fault that pauses.
            _finish(claimed, result, probed=probing)
            return claimed
    # The connection serves the next call while this one is written down.
    _finish(claimed, result, probed=probing)
    return claimed


def _call(claimed: Claim, holds: int) -> Acknowledgement | ControllerError:
    """Make the call, unless calls are held back since, or its lease no longer covers it."""
    if link.is_held_back(holds) or not renew(claimed):
        return NotBegun(said("It was held back before it began."), answer=Answer())
    try:
        return link.controller().apply(claimed.request)
    except ControllerError as error:
        return error


def _finish(claimed: Claim, result: Acknowledgement | ControllerError, *, probed: bool) -> None:
    _record_for_sure(claimed, result)
    attempt = claimed.attempt
    log.info(
        "call",
        trace=attempt.trace,
        attempt=attempt.pk,
        operation=str(attempt.operation),
        outcome=str(attempt.outcome),
        http_status=attempt.http_status,
        error_code=attempt.error_code,
        ms=attempt.duration_ms,
    )
    if not isinstance(result, NotBegun):
        link.note(result, probed=probed)
    elif probed:
        link.leave_probe()


def _record_for_sure(claimed: Claim, result: Acknowledgement | ControllerError) -> None:
    """Record the result, insisting while the database is busy or away: the call has been made."""
    for wait in (*RECORD_WAITS, None):
        try:
            record(claimed.permit_id, claimed.attempt, claimed.request, result)
        except IntegrityError:
            # The controller named a reference ID that another permit has.
            result = OutcomeUnknown(
                said("The controller answered with the reference ID of another permit."),
                answer=result.answer,
            )
        except OperationalError:
            if wait is None:
                number = claimed.attempt.pk
                log.exception("The result of a call could not be written", attempt=number)
                raise
            connection.close()
            time.sleep(wait)
        else:
            return
