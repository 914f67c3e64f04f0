"""Bulk runs: list the permits once, then feed them to the queue a few at a time.

A permit is not touched before its turn. So a run of any size can be stopped at once, a clerk's own
push never queues behind it, and what a permit needs is decided when its turn comes.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone, translation

from permits.models import Batch, BatchItem, Decision, Permit
from permits.models.permit import PermitQuerySet
from permits.stored import said
from permits.sync.refused import Refused

LISTED_AT_ONCE: Final = 20_000  # permits listed in one transaction
PREPARED_WITHIN: Final = timedelta(minutes=10)  # a run that takes longer to list was cut off

State = Permit.State
Kind = Batch.Kind
Result = BatchItem.Result

_STUCK: Final = Q(state=State.QUEUED, due_at=None)
_NEVER_THERE: Final = Q(reference_id="")
_WANTED: Final = Q(withdrawn_at=None)
_CAN: Final = {
    Kind.PUSH: _NEVER_THERE & _WANTED & (Q(state__in=(State.DRAFT, State.REJECTED)) | _STUCK),
    Kind.UPDATE: ~_NEVER_THERE & _WANTED & (Q(state__in=(State.CHANGED, State.REJECTED)) | _STUCK),
    Kind.DELETE: ~_NEVER_THERE
    & (Q(state__in=(State.SYNCED, State.CHANGED, State.REJECTED)) | _STUCK),
    Kind.EXTEND: ~_NEVER_THERE & _WANTED & Q(state__in=(State.SYNCED, State.CHANGED)),
    Kind.RETRY: Q(state=State.REJECTED) | _STUCK,
}
_CANNOT: Final = {
    State.DRAFT: said("not pushed yet"),
    State.QUEUED: said("queued already"),
    State.SENDING: said("being sent just now"),
    State.SYNCED: said("as the staff want it on the controller already"),
    State.CHANGED: said("on the controller already; an update is what it needs"),
    State.REJECTED: said("rejected; change it first"),
    State.MISSING: said("missing on the controller; push it anew from its page"),
    State.IN_DOUBT: said("unknown outcome; resolve it from its page"),
    State.DELETED: said("deleted"),
}


class Fed(Enum):
    """What came of an attempt to feed the queue."""

    SOME = auto()
    BY_ANOTHER = auto()  # someone else is feeding just now
    NOTHING = auto()  # no run has permits waiting


def eligible(kind: "Batch.Kind", permits: PermitQuerySet) -> PermitQuerySet:
    """Return those of the permits that a run of this kind can do something for."""
    return permits.filter(_CAN[kind])


def passed_over(kind: "Batch.Kind", permits: PermitQuerySet) -> dict[str, int]:
    """Return how many of the permits a run would pass over, by the reason in words."""
    rows = permits.exclude(_CAN[kind]).order_by().values_list("state").annotate(Count("pk"))
    return {_CANNOT[State(state)]: count for state, count in rows}


def start_batch(
    kind: "Batch.Kind",
    permits: PermitQuerySet,
    *,
    actor: str,
    source: str = "bulk",
    extend_by: timedelta | None = None,
    retries: Batch | None = None,
) -> Batch:
    """List the permits and start the run; the worker does the rest. Raises `Refused` for none."""
    chosen = eligible(kind, permits).order_by("pk")
    if not chosen.exists():
        raise Refused(said("There is no permit among these for which this can be done."))
    told = passed_over(kind, permits)
    with transaction.atomic():  # a crash leaves no run that lists nothing
        batch = Batch.objects.create(
            kind=kind,
            actor=actor,
            source=source,
            extend_by=extend_by,
            retries=retries,
            passed_over=told,
        )
        last = _list_part(batch, chosen, 0)
    while last is not None:
        last = _list_part(batch, chosen, last)
    batch.refresh_from_db()
    return batch


def _list_part(batch: Batch, chosen: PermitQuerySet, after: int) -> int | None:
    """List the next permits, in the database itself; return the last of them.

    Where they are the last of all, the run begins with them, and nothing is returned.
    """
    with transaction.atomic():
        rest = chosen.filter(pk__gt=after)
        part = list(rest.values_list("pk", flat=True)[:LISTED_AT_ONCE])
        if part:
            _list_up_to(part[-1], rest, batch)
        if len(part) == LISTED_AT_ONCE:
            return part[-1]
        Batch.objects.filter(pk=batch.pk, state=Batch.State.PREPARING).update(
            state=Batch.State.RUNNING
        )
        return None


def _list_up_to(last: int, chosen: PermitQuerySet, batch: Batch) -> None:
    sql, parameters = chosen.filter(pk__lte=last).values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH chosen (id) AS ({sql}) "  # noqa: S608 - Django compiled it
            "INSERT INTO permits_batchitem (batch_id, permit_id, result, note) "
            "SELECT %s, id, %s, '' FROM chosen ORDER BY id",
            [*parameters, batch.pk, Result.WAITING.value],
        )


def retry_failed(batch: Batch, *, actor: str) -> Batch:
    """Start a run for what failed in another; unknown outcomes are never among it."""
    failed = batch.items.filter(result__in=BatchItem.FAILED).values("permit")
    return start_batch(Kind.RETRY, Permit.objects.filter(pk__in=failed), actor=actor, retries=batch)


def stop_batch(batch: Batch) -> bool:
    """Feed no more of its permits; those that are queued already are still sent.

    Returns whether it was running.
    """
    return _turn(batch, Batch.State.RUNNING, Batch.State.STOPPED)


def resume_batch(batch: Batch) -> bool:
    """Go on where the run was stopped; return whether it was."""
    return _turn(batch, Batch.State.STOPPED, Batch.State.RUNNING)


def _turn(batch: Batch, before: str, after: str) -> bool:
    return Batch.objects.filter(pk=batch.pk, state=before).update(state=after) > 0


def has_waiting() -> bool:
    """Return whether a running bulk run has permits that wait for their turn."""
    return BatchItem.objects.filter(
        batch__state=Batch.State.RUNNING, result=Result.WAITING
    ).exists()


def top_up() -> Fed:
    """Feed the queue when it runs low, so that nobody who could be calling waits."""
    low = 4 * settings.OPSCOM_CONNECTIONS
    if Permit.objects.due(timezone.now())[low : low + 1].exists():
        return Fed.SOME
    return feed()


def feed() -> Fed:
    """Queue the next few permits of the oldest running bulk run."""
    now = timezone.now()
    running = Batch.objects.filter(state=Batch.State.RUNNING).order_by("pk")
    with transaction.atomic():
        # A weak lock: claiming one of its permits refers to the run, and must not wait for this.
        for batch in running.select_for_update(skip_locked=True, no_key=True):
            items = list(
                batch.items.filter(result=Result.WAITING).order_by("pk")[
                    : 8 * settings.OPSCOM_CONNECTIONS
                ]
            )
            if items:
                return Fed.SOME if _queue(batch, items, now) else Fed.BY_ANOTHER
    return Fed.BY_ANOTHER if has_waiting() else Fed.NOTHING


def _queue(batch: Batch, items: Sequence[BatchItem], now: datetime) -> bool:
    """Queue the permits of these items that still need it, and pass over the others.

    A permit that someone holds just now keeps its turn: to wait for it while holding others might
    be to wait for someone who waits for those. Returns whether there was anything to do.
    """
    among = Permit.objects.filter(pk__in=[item.permit_id for item in items], batch=None)
    need_it = eligible(Kind(batch.kind), among)
    free = need_it.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("pk")
    if batch.kind == Kind.EXTEND:
        free = free.select_related("zone")
    else:  # nothing else of them is asked for
        free = free.only("withdrawn_at", "reference_id")
    permits = {permit.pk: permit for permit in free}
    if len(permits) < len(items):
        held = set(need_it.values_list("pk", flat=True)) - permits.keys()
        items = [item for item in items if item.permit_id not in held]
    reasons = _prepare(batch, permits, now)
    Permit.objects.filter(pk__in=permits.keys() - reasons.keys()).update(
        state=State.QUEUED,
        due_at=now,
        tries=0,
        batch=batch,
        asked_by=batch.actor,
        asked_through=batch.source,
    )
    for item in items:
        queued = item.permit_id in permits and item.permit_id not in reasons
        item.result = Result.QUEUED if queued else Result.PASSED
        item.settled_at = None if queued else now
        item.note = "" if queued else reasons.get(item.permit_id, said("it no longer needs it"))
    BatchItem.objects.bulk_update(
        [item for item in items if item.result == Result.PASSED], ["result", "settled_at", "note"]
    )
    BatchItem.objects.filter(
        pk__in=[item.pk for item in items if item.result == Result.QUEUED]
    ).update(result=Result.QUEUED)
    return bool(items)


def _prepare(batch: Batch, permits: dict[int, Permit], now: datetime) -> dict[int, str]:
    """Write down the wish of the run in its permits; return why some are passed over."""
    if batch.kind == Kind.DELETE:
        # In one with the state: a permit is never both withdrawn and in step.
        Permit.objects.filter(pk__in=permits, withdrawn_at=None).update(
            withdrawn_at=now, state=State.QUEUED
        )
        for permit in permits.values():
            if permit.withdrawn_at is None:
                Decision.objects.create(
                    permit=permit,
                    verdict=Decision.Verdict.WITHDRAW,
                    reference_id=permit.reference_id,
                    reason=f"{batch.name}.",
                    actor=batch.actor,
                    decided_at=now,
                )
    if batch.kind != Kind.EXTEND:
        return {}
    user = get_user_model().objects.filter(username=batch.actor).first()
    return {
        pk: reason
        for pk, permit in permits.items()
        if (reason := _extend(permit, batch.extend_by or timedelta(0), user))
    }


def _extend(permit: Permit, by: timedelta, user: Any) -> str:
    """Move the permit's end; return why that cannot be done, or nothing."""
    permit.end_time += by
    permit.version += 1
    try:
        with translation.override("en"):  # as the note is kept
            permit.clean_fields(exclude=[f for f in Permit.STAFF_FIELDS if f != "end_time"])
            permit.clean()
    except ValidationError as error:
        return " ".join(error.messages)[:200]
    permit._history_user = user  # type: ignore[attr-defined]  # noqa: SLF001 - simple_history's own name
    permit.save(update_fields=["end_time", "version"])
    return ""


def end_exhausted() -> None:
    """End the runs of which no permit waits or is under way.

    It is for whoever has just sent something: where several make a run's last calls at once, the
    one who writes its result last finds the run exhausted, and nobody before.
    """
    unsettled = BatchItem.objects.filter(batch=OuterRef("pk"), result__in=BatchItem.OPEN)
    Batch.objects.filter(~Exists(unsettled), state=Batch.State.RUNNING).update(
        state=Batch.State.FINISHED, finished_at=timezone.now()
    )


def end_unlisted() -> None:
    """End runs whose list was cut off by a crash: nothing of them was sent, nor will be."""
    cut_off = Batch.objects.filter(
        state=Batch.State.PREPARING, created_at__lt=timezone.now() - PREPARED_WITHIN
    )
    for batch in cut_off:
        with transaction.atomic():
            batch.items.filter(result=Result.WAITING).update(
                result=Result.PASSED, note=said("the run was cut off before it began")
            )
            Batch.objects.filter(pk=batch.pk).update(
                state=Batch.State.FINISHED, finished_at=timezone.now()
            )
