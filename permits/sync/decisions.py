"""What only a person can decide, and what a person wants taken back or replaced."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from permits import limits
from permits.controller import ALREADY_EXISTS, Request
from permits.models import Decision, Operation, Permit, Source, SyncAttempt
from permits.stored import said
from permits.sync.outcomes import (
    leave_batch,
    on_controller,
    put_after_call,
    take_off,
    take_off_replaced,
)
from permits.sync.refused import Refused

State = Permit.State
Verdict = Decision.Verdict


def resolve_there(permit_id: int, *, reference_id: str, reason: str, actor: str) -> None:
    """Record that an undecided push did arrive, under this reference ID.

    Also takes a push that the controller refused because such a record already exists (9022).
    """
    with transaction.atomic():
        permit, attempt = _undecided(permit_id, reason)
        try:
            reference = limits.reference_id(reference_id)
        except limits.LimitError as error:
            raise Refused(str(error)) from None
        other = Permit.objects.filter(reference_id=reference).exclude(pk=permit.pk).first()
        if other is not None:
            raise Refused(
                said("The permit for %(plate)s (number %(number)s) has this reference ID.")
                % {"plate": other.plate, "number": other.pk}
            )
        _decide(permit, Verdict.THERE, reason, actor, attempt=attempt, reference_id=reference)
        sent = Request("push", attempt.request).fields if attempt else {}
        _move(permit, **on_controller(permit, reference, sent))
        take_off_replaced(permit, actor=actor)


def resolve_not_there(permit_id: int, *, reason: str, actor: str) -> None:
    """Record that an undecided push did not arrive; it is queued again unless withdrawn."""
    with transaction.atomic():
        permit, attempt = _undecided(permit_id, reason)
        if permit.state != State.IN_DOUBT:
            raise Refused(
                said("The controller refused this push. Change the permit and push it again.")
            )
        _decide(permit, Verdict.NOT_THERE, reason, actor, attempt=attempt)
        _move(permit, **_asked(actor, State.DELETED if permit.withdrawn_at else State.QUEUED))


def push_anew(permit_id: int, *, reason: str, actor: str) -> None:
    """Push a permit again that the controller has lost; it gets a new reference ID."""
    with transaction.atomic():
        permit = _lock(permit_id)
        if permit.state != State.MISSING:
            raise Refused(
                said("Only a permit that is missing on the controller can be pushed anew.")
            )
        _demand(reason)
        _decide(permit, Verdict.PUSH_ANEW, reason, actor, reference_id=permit.reference_id)
        _move(
            permit,
            reference_id="",
            internal_reference_id="",
            acknowledged={},
            **_asked(actor, State.QUEUED),
        )


def withdraw(permit_id: int, *, actor: str, source: Source, reason: str = "") -> None:
    """Take a permit off the controller; one that left no trace yet is simply removed."""
    with transaction.atomic():
        permit = _lock(permit_id)
        if permit.state == State.DELETED:
            raise Refused(said("This permit was deleted already."))
        if permit.withdrawn_at is None and not _left_a_trace(permit):
            permit.delete()
            return
        take_off(permit.pk, actor=actor, reason=reason)
        Permit.objects.filter(pk=permit.pk).update(asked_through=source)
        # Asked once more after it got stuck or was refused: try again now.
        Permit.objects.filter(
            pk=permit.pk, state__in=(State.QUEUED, State.REJECTED), withdrawn_at__isnull=False
        ).exclude(reference_id="").update(state=State.QUEUED, due_at=timezone.now(), tries=0)


def keep(permit_id: int, *, reason: str = "", actor: str) -> None:
    """Take a withdrawal back while the controller still holds the permit, or may."""
    with transaction.atomic():
        permit = _lock(permit_id)
        if permit.withdrawn_at is None:
            raise Refused(said("This permit was not withdrawn."))
        if permit.is_gone or permit.state not in (State.QUEUED, State.REJECTED, State.IN_DOUBT):
            raise Refused(said("It is too late: the controller is deleting this permit, or has."))
        _decide(permit, Verdict.KEEP, reason, actor, reference_id=permit.reference_id)
        permit.withdrawn_at = None
        state = permit.state
        if state != State.IN_DOUBT:
            state = State.QUEUED if permit.operation_due() else permit.resting_state()
        left = leave_batch(permit, state, timezone.now(), note=said("it was kept after all"))
        _move(permit, withdrawn_at=None, **_asked(actor, State(state)), **left)
        if permit.reference_id:
            take_off_replaced(permit, actor=actor)


def replace(permit_id: int, *, fields: Mapping[str, Any], actor: str) -> Permit:
    """Create the queued successor of a permit on the controller, and return it.

    The old permit stays as it is until the controller has acknowledged the new one; only then is
    it taken off, in the same transaction that records the acknowledgement. Whoever withdraws the
    new one before that gives the replacement up: the old one then stays. Raises `ValidationError`
    where the new values are not valid.
    """
    with transaction.atomic():
        permit = _lock(permit_id)
        if not permit.reference_id or permit.state in (State.DELETED, State.MISSING):
            raise Refused(said("Only a permit that is on the controller can be replaced."))
        if permit.withdrawn_at:
            raise Refused(said("This permit was withdrawn. Enter a new one."))
        successor = Permit(
            **dict(fields), replaces=permit, entered_by=actor, **_asked(actor, State.QUEUED)
        )
        successor.asked_through = Source.FORM
        if permit.successors.exclude(state=State.DELETED).exists():
            raise Refused(said("Another permit replaces this one already."))
        successor.full_clean()
        successor.save(force_insert=True)
        return successor


def _lock(permit_id: int) -> Permit:
    permits = Permit.objects.select_for_update(of=("self",), no_key=True).select_related("zone")
    permit = permits.filter(pk=permit_id).first()
    if permit is None:
        raise Refused(said("This permit does not exist any more."))
    put_after_call(permit)
    return permit


def _undecided(permit_id: int, reason: str) -> tuple[Permit, SyncAttempt | None]:
    """Return the locked permit and the push that is to be decided."""
    permit = _lock(permit_id)
    last = permit.attempts.filter(operation=Operation.PUSH).order_by("-pk").first()
    doubled = (
        permit.state == State.REJECTED
        and not permit.reference_id
        and last is not None
        and last.error_code == ALREADY_EXISTS
    )
    if permit.state != State.IN_DOUBT and not doubled:
        raise Refused(said("The outcome is not in doubt: someone has decided, or the answer came."))
    _demand(reason)
    if permit.is_doubted_since_restore:
        return permit, None  # no call that is written down here is the one in doubt
    decided = last is not None and Decision.objects.filter(attempt=last).exists()
    return permit, None if decided else last


def _demand(reason: str) -> None:
    if not reason.strip():
        raise Refused(said("Give the reason: how do you know?"))


def _decide(permit: Permit, verdict: Verdict, reason: str, actor: str, **more: Any) -> None:
    Decision.objects.create(
        permit=permit, verdict=verdict, reason=reason.strip(), actor=actor, **more
    )


def _asked(actor: str, state: State) -> dict[str, Any]:
    return {
        "state": state,
        "due_at": timezone.now(),
        "tries": 0,
        "asked_by": actor,
        "asked_through": Source.DECISION,
    }


def _move(permit: Permit, **changes: Any) -> None:
    Permit.objects.filter(pk=permit.pk).update(**changes)


def _left_a_trace(permit: Permit) -> bool:
    """Whether a call or a bulk run tells of the permit, and would tell of nothing without it."""
    return bool(
        permit.reference_id
        or permit.state == State.IN_DOUBT
        or permit.attempts.exists()
        or permit.batch_items.exists()
        or permit.decisions.exists()
    )
