"""From the fire to a portal at rest: what staff and time would do, once nothing fails any more."""

import time
from datetime import timedelta
from typing import Final

from django.utils import timezone

from permits import sync
from permits.models import Batch, Permit, Source, SyncAttempt
from tests.chaos.programs import Programs
from tests.processes import wait_until

State = Permit.State

ACTOR: Final = "the last one here"
PATIENCE: Final = 60.0  # seconds until everything must be at rest
AT_WORK: Final = (State.QUEUED, State.SENDING)


def bring_to_rest(programs: Programs) -> set[int]:
    """Have everything sent that anybody asked for, then whatever else could be.

    Nothing here decides anything: what is in doubt, refused or missing stays so. Returns the
    permits that nobody had asked to be sent, as the portal sees it, and that could be.
    """
    programs.controller.behave()
    wait_until(programs.answers, 60)
    sync.resume(ACTOR)
    _wait_for_leases()
    sync.recover()
    for batch in Batch.objects.filter(state=Batch.State.STOPPED):
        sync.resume_batch(batch)
    _send_until_at_rest(programs)
    left = {
        permit.pk
        for permit in Permit.objects.filter(state=State.CHANGED).select_related("zone")
        if any(difference.can_be_sent for difference in permit.differences())
    }
    _send_differences()
    _send_until_at_rest(programs)
    return left


def _send_until_at_rest(programs: Programs) -> None:
    ends = time.monotonic() + PATIENCE
    while _is_at_work() and time.monotonic() < ends:
        _send_at_once()
        programs.manage("send_permits", check=False)


def _wait_for_leases() -> None:
    """Wait until no call can be under way any more that was begun by now."""
    begun = SyncAttempt.objects.filter(outcome=SyncAttempt.Outcome.SENDING)
    last = max(begun.values_list("lease_until", flat=True), default=timezone.now())
    while timezone.now() < last + timedelta(milliseconds=50):
        time.sleep(0.1)


def _send_differences() -> None:
    """Have every change sent that the controller can take."""
    try:
        sync.start_batch(Batch.Kind.UPDATE, Permit.objects.all(), actor=ACTOR)
    except sync.Refused:
        return


def _send_at_once() -> None:
    """Wait for no retry, and for none that a person was to start."""
    later = Permit.objects.filter(state=State.QUEUED).exclude(due_at__lte=timezone.now())
    for permit_id in later.values_list("pk", flat=True):
        try:
            sync.ask(permit_id, actor=ACTOR, source=Source.RETRY)
        except sync.Refused:
            continue  # it was sent meanwhile


def _is_at_work() -> bool:
    sync.resume(ACTOR)
    return (
        Permit.objects.filter(state__in=AT_WORK).exists()
        or Batch.objects.filter(state=Batch.State.RUNNING).exists()
        or SyncAttempt.objects.filter(outcome=SyncAttempt.Outcome.SENDING).exists()
    )
