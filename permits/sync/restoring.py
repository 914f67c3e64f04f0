"""After an old backup was restored: what was called since it was taken is not known here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone, translation

from permits import moments
from permits.models import Decision, ImportRun, Permit
from permits.stored import said
from permits.sync import home
from permits.sync.outcomes import leave_batch
from permits.sync.rows import lock

State = Permit.State

# A call that was under way is found by the sweep, and a push among them is in doubt by that.
_MAY_BE_PUSHED: Final = (State.DRAFT, State.QUEUED, State.REJECTED)


@dataclass(frozen=True)
class Restored:
    """What was found in a restored database, and what became of it."""

    in_doubt: int  # permits that may have been pushed since, put in doubt
    repeated: int  # updates and deletes that are made, or made again
    missing: int  # permits that may have been pushed anew since, which a person decides anyway
    imports: int  # imports that were stopped


@translation.override("en")  # as the reason is kept
def after_restore(*, taken: datetime, actor: str) -> Restored:
    """Let no push be repeated that was made after the backup was taken.

    Each permit that was not on the controller then may be there now: it becomes *in doubt*, and a
    person decides. An import that was being written stops, for its rows may be there already. What
    is on the controller is updated and deleted by its reference ID, which may be repeated. Only
    then are calls made. Where this was cut off, calling it again goes on with the rest.
    """
    reason = said(
        "The database was restored from a backup of %(taken)s. What was done after "
        "that is not known here: this permit may have been pushed."
    ) % {"taken": moments.in_full(taken)}
    stopped = ImportRun.objects.filter(state__in=ImportRun.MOVING).update(
        tries=ImportRun.MOST_TRIES,
        held_until=None,
        trouble=said(
            "A backup was restored that was taken during this import. Its rows may be there."
        ),
    )
    there = Permit.objects.exclude(reference_id="")
    restored = Restored(
        in_doubt=sum(_doubt(pk, reason, actor) for pk in _unknown()),
        repeated=there.filter(state__in=(State.QUEUED, State.SENDING)).count(),
        missing=there.filter(state=State.MISSING).count(),
        imports=stopped,
    )
    home.settle()
    return restored


def _unknown() -> Iterator[int]:
    permits = Permit.objects.filter(reference_id="", state__in=_MAY_BE_PUSHED)
    yield from permits.order_by("pk").values_list("pk", flat=True)


def _doubt(permit_id: int, reason: str, actor: str) -> bool:
    with transaction.atomic():
        permit = lock(permit_id)
        if permit is None or permit.reference_id or permit.state not in _MAY_BE_PUSHED:
            return False
        Decision.objects.create(
            permit=permit, verdict=Decision.Verdict.RESTORED, reason=reason, actor=actor
        )
        now = timezone.now()
        Permit.objects.filter(pk=permit.pk).update(
            state=State.IN_DOUBT,
            due_at=now,
            send_again=False,
            **leave_batch(permit, State.IN_DOUBT, now),
        )
    return True
