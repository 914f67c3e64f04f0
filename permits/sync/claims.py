"""Ask and claim: who may call for a permit, and with what."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from permits import limits
from permits.controller import Request
from permits.models import Operation, Permit, Source, SyncAttempt
from permits.models.chain import Overtaken
from permits.stored import said
from permits.sync import link
from permits.sync.outcomes import leave_batch, write_end
from permits.sync.refused import Refused
from permits.sync.rows import take
from permits.sync.statements import add, change

Outcome = SyncAttempt.Outcome
State = Permit.State


@dataclass(frozen=True)
class Claim:
    """A permit that is ours to call for, with the call written down."""

    permit_id: int
    attempt: SyncAttempt
    request: Request


# How long a claimed call may wait for a connection before its lease must begin anew.
WAITS_WITHIN_LEASE: Final = timedelta(seconds=1)

_NEEDS_A_PERSON: Final = {
    State.IN_DOUBT: said("Nobody knows whether the last push arrived. Resolve that first."),
    State.MISSING: said("The controller has lost this permit. Use Push anew if it is to be there."),
    State.DELETED: said("This permit was deleted. Enter a new one."),
}
_USE_REPLACE: Final = said("The controller cannot change what differs here. Use Replace.")


def ask(permit_id: int, *, actor: str, source: Source) -> None:
    """Mark the permit's difference as to be sent; while a call is under way, after that one.

    Raises `Refused` where there is nothing to send, or where a person has to decide first.
    """
    with transaction.atomic():
        permit = Permit.objects.select_for_update(no_key=True).filter(pk=permit_id).first()
        if permit is None:
            raise Refused(said("This permit does not exist any more."))
        if permit.state in _NEEDS_A_PERSON:
            raise Refused(_NEEDS_A_PERSON[State(permit.state)])
        asked = {"asked_by": actor, "asked_through": source}
        if permit.state == State.SENDING:
            Permit.objects.filter(pk=permit.pk).update(send_again=True, **asked)
            return
        due = permit.operation_due()
        if due is None:
            unsendable = permit.state == State.CHANGED
            raise Refused(_USE_REPLACE if unsendable else said("There is nothing to send."))
        try:
            _request(permit, due)
        except limits.LimitError as error:
            raise Refused(str(error)) from None
        Permit.objects.filter(pk=permit.pk).update(
            state=State.QUEUED, due_at=timezone.now(), tries=0, **asked
        )


def claim(permit_id: int | None) -> Claim | None:
    """Move one due permit to `sending` and write its call down, in one transaction."""
    while True:
        now = timezone.now()
        try:
            with transaction.atomic():
                permit = take(now, permit_id)
                if permit is None:
                    return None
                claimed = _start(permit, now)
        except Overtaken:
            continue  # the chain's end was read before PostgreSQL had waited for the permit
        if claimed is not None:
            return claimed


def renew(claimed: Claim) -> bool:
    """See that the lease covers a call begun now; False where the call was given up meanwhile."""
    now = timezone.now()
    if now - claimed.attempt.started_at < WAITS_WITHIN_LEASE:
        return True
    with transaction.atomic():
        return change(
            SyncAttempt,
            {"id": claimed.attempt.pk, "outcome": Outcome.SENDING},
            {"lease_until": link.lease(now)},
        )


def _start(permit: Any, now: datetime) -> Claim | None:
    """Write the call down, or settle a permit for which there is none to make."""
    if permit.called_for and permit.attempts.filter(outcome=Outcome.SENDING).exists():
        # Queued from outside during its call: that is a wish for after the call. Asked twice, as
        # the first look may be older than the row: PostgreSQL waited for it.
        Permit.objects.filter(pk=permit.pk).update(send_again=True)
        return None
    if permit.undecided and not permit.reference_id:
        # Before all else: a permit that was withdrawn since may be on the controller all the same.
        _rest(permit, State.IN_DOUBT, now)
        return None
    try:
        operation = permit.operation_due()
        request = None if operation is None else _request(permit, operation)
    except limits.LimitError as error:
        _refuse(permit, str(error), now)
        return None
    if operation is None or request is None:
        _rest(permit, permit.resting_state(), now)
        return None
    attempt = _attempt(permit, operation, now)
    attempt.request = dict(request.body)
    add(attempt, attempt.follow(permit.head))
    return Claim(permit.pk, attempt, request)


def _rest(permit: Permit, state: "Permit.State", now: datetime) -> None:
    """Take a permit out of the queue without a call."""
    left = leave_batch(permit, state, now, note=said("there was nothing to send"))
    change(Permit, {"id": permit.pk}, {"state": state, "send_again": False, **left})


def _refuse(permit: Any, reason: str, now: datetime) -> None:
    """Reject a permit that could not even be said to the controller."""
    operation = Operation.UPDATE if permit.reference_id else Operation.PUSH
    attempt = _attempt(permit, operation, now)
    begun = attempt.follow(permit.head)
    add(attempt, begun)
    never_sent = said("Never sent: %(reason)s") % {"reason": reason}
    ended = {"outcome": Outcome.REJECTED, "finished_at": now, "duration_ms": 0}
    write_end(attempt, {**ended, "error_message": never_sent}, begun.end)
    _rest(permit, State.REJECTED, now)


def _attempt(permit: Permit, operation: Operation, now: datetime) -> SyncAttempt:
    return SyncAttempt(
        permit=permit,
        batch_id=permit.batch_id,
        zone_id=permit.zone_id,
        operation=operation,
        actor=permit.asked_by,
        source=Source.RETRY if permit.tries else permit.asked_through or Source.SCHEDULE,
        started_at=now,
        lease_until=link.lease(now),
    )


def _request(permit: Permit, operation: Operation) -> Request:
    if operation == Operation.DELETE:
        return Request.delete(permit.reference_id)
    zone = settings.OPSCOM_TIME_ZONE
    wanted = permit.wanted()
    if operation == Operation.PUSH:
        return Request.push(wanted, zone)
    changed = {d.field: d.wanted for d in permit.differences() if d.can_be_sent}
    return Request.update(permit.reference_id, changed, zone)
