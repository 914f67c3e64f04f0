"""Find the calls that a crash cut off, and say what is known of them."""

from typing import Final, cast

from django.db import transaction
from django.utils import timezone

from permits.controller import Answer, OutcomeUnknown, Path, Request
from permits.models import Permit, SyncAttempt
from permits.stored import said
from permits.sync.outcomes import close, settle
from permits.sync.rows import lock

AT_ONCE: Final = 1000  # calls put right in one go; the next sweep takes the rest
CUT_OFF: Final = OutcomeUnknown(
    said("The call was cut off: the portal stopped before the answer could be written down."),
    answer=Answer(),
)


def recover() -> int:
    """Put every permit right whose call cannot be under way any more; return how many.

    A push that was cut off may or may not have arrived: its outcome is unknown, and a person
    decides. An update or a delete is repeated, which does no harm.
    """
    cut_off = SyncAttempt.objects.cut_off(timezone.now()).values_list("pk", flat=True)
    orphans = Permit.objects.filter(state=Permit.State.SENDING).exclude(
        attempts__outcome=SyncAttempt.Outcome.SENDING
    )
    recovered = sum(_close(attempt_id) for attempt_id in cut_off[:AT_ONCE])
    return recovered + sum(_adopt(pk) for pk in orphans.values_list("pk", flat=True)[:AT_ONCE])


def _close(attempt_id: int) -> bool:
    now = timezone.now()
    with transaction.atomic():
        attempt = SyncAttempt.objects.get(pk=attempt_id)
        # The permit before its chain, as everybody does.
        permit = None if attempt.permit_id is None else lock(attempt.permit_id)
        if not close(attempt, CUT_OFF, now):
            return False
        if permit is not None and permit.state in (Permit.State.SENDING, Permit.State.QUEUED):
            settle(permit, Request(cast(Path, attempt.operation), attempt.request), CUT_OFF, now)
    return True


def _adopt(permit_id: int) -> bool:
    """Put right a permit that is said to be sending without any call: someone else wrote that."""
    now = timezone.now()
    with transaction.atomic():
        permit = lock(permit_id)
        if permit is None or permit.state != Permit.State.SENDING:
            return False
        if permit.attempts.filter(outcome=SyncAttempt.Outcome.SENDING).exists():
            return False
        there = permit.reference_id
        settle(permit, Request.delete(there) if there else Request("push", {}), CUT_OFF, now)
    return True
