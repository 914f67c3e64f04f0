"""A later push of the same details that the controller refused as existing already (9022)."""

from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from permits import limits
from permits.controller import ALREADY_EXISTS, Request
from permits.models import Operation, Permit, SyncAttempt
from permits.reconcile.findings import Finding, Points, cannot_tell

# A call with one of these outcomes may have changed the controller.
MAY_HAVE_HAPPENED: Final = (
    SyncAttempt.Outcome.SUCCEEDED,
    SyncAttempt.Outcome.IN_DOUBT,
    SyncAttempt.Outcome.SENDING,
)


def by_refusal(attempt: SyncAttempt) -> Finding | None:
    """Return what such a refusal says of the push; None where there is none."""
    sent = Request("push", attempt.request).fields
    refused = SyncAttempt.objects.filter(
        operation=Operation.PUSH,
        pk__gt=attempt.pk,
        error_code=ALREADY_EXISTS,
        controller=attempt.controller,
        permit__in=Permit.objects.of_plate(sent["plate"]).values("pk"),
    ).only("request")
    if all(call.request != attempt.request for call in refused):
        return None
    if not sent.get("ticket_number"):
        return cannot_tell(
            _(
                "The same details were refused later as existing already (9022), but without a "
                "ticket number they may be another sender's record."
            )
        )
    if _has_twin(attempt):
        return cannot_tell(
            _(
                "The same details were refused later as existing already (9022), but another "
                "permit of this plate may be the one that exists."
            )
        )
    if other_pushes(attempt).exists():
        return cannot_tell(
            _(
                "The same details were refused later as existing already (9022), so one of this "
                "permit's pushes arrived; nothing shows which."
            )
        )
    return Finding(
        Points.ARRIVED,
        _(
            "The same details, ticket number and all, were refused later as existing already "
            "(9022), and no other permit of ours has them."
        ),
    )


def other_pushes(attempt: SyncAttempt) -> "QuerySet[SyncAttempt]":
    """Return the other pushes of the same permit that may have made a record."""
    pushes = SyncAttempt.objects.filter(permit=attempt.permit_id, operation=Operation.PUSH)
    return pushes.filter(outcome__in=MAY_HAVE_HAPPENED).exclude(pk=attempt.pk)


def _has_twin(attempt: SyncAttempt) -> bool:
    """Whether another permit may have the ticket number there, or the plate at the same time.

    Where the end of one was ever changed on the controller, its times do not exclude it.
    """
    sent = Request("push", attempt.request).fields
    start, end = (
        limits.moment_from_wire(sent[name], settings.OPSCOM_TIME_ZONE)
        for name in ("start_time", "end_time")
    )
    calls = SyncAttempt.objects.filter(permit=OuterRef("pk"), outcome__in=MAY_HAVE_HAPPENED)
    changed = Exists(calls.filter(operation=Operation.UPDATE))
    of_plate = Permit.objects.of_plate(sent["plate"]).filter(
        Q(end_time__gte=start) | changed, start_time__lte=end
    )
    with_ticket = Permit.objects.filter(ticket_number=sent["ticket_number"])
    pushed = Exists(calls.filter(operation=Operation.PUSH))
    return any(
        others.filter(pushed).exclude(attempts=attempt).exists()
        for others in (of_plate, with_ticket)
    )
