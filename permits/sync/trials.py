"""Calls that the controller must refuse, made on purpose by a validation run.

They are written down before and recorded after like every other call, with their own source. A push
that ought to be refused has a permit of its own, which is withdrawn from the start: should it be
accepted after all, the permit is one that staff took back and the controller holds, and is deleted
there by the same road as any other; should its answer be lost, a person decides, as ever.

What comes of them draws no conclusion about the link: that a wrong token is refused pauses nothing.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from permits.controller import Acknowledgement, ControllerError, Request, Totals
from permits.models import Operation, Permit, Source, SyncAttempt
from permits.sync import link
from permits.sync.outcomes import close, record

Result = Acknowledgement | Totals | ControllerError


def try_refusal(
    request: Request,
    *,
    permit: Permit | None,
    actor: str,
    content: bytes | None = None,
    written: Callable[[SyncAttempt], None],
) -> Result:
    """Make a call that is not to succeed, and return what came of it.

    A push takes a permit that was never saved; an update or a delete, which name records that are
    not there, one that exists and that they leave as it is. `content` is sent in place of the
    request where it is given, and holds no token. `written` is called in the transaction that
    writes the attempt down.
    """
    if connection.in_atomic_block:
        raise RuntimeError("A call to the controller must not be made inside a transaction.")
    controller = link.controller()
    with controller.slot():
        link.take_turn(urgent=True)
        now = timezone.now()
        with transaction.atomic():
            attempt = _begin(request, permit, actor, now)
            written(attempt)
        result: Result
        try:
            if request.path == "stats":
                result = controller.count(request)
            else:
                result = controller.apply(request, content=content)
        except ControllerError as error:
            result = error
    if permit is not None and request.path == "push" and not isinstance(result, Totals):
        record(permit.pk, attempt, request, result)
    else:
        with transaction.atomic():
            close(attempt, result, timezone.now())
    return result


def _begin(request: Request, permit: Permit | None, actor: str, now: datetime) -> SyncAttempt:
    if permit is not None and request.path == "push":
        permit.withdrawn_at = now
        permit.state = Permit.State.SENDING
        permit.asked_by, permit.asked_through = actor, Source.VALIDATION
        permit.full_clean()
        permit.save(force_insert=True)
    return SyncAttempt.objects.create(
        permit=permit,
        operation=Operation(request.path),
        actor=actor,
        source=Source.VALIDATION,
        started_at=now,
        lease_until=link.lease(now),
        request=dict(request.body),
    )
