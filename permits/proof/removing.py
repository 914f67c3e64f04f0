"""Removing what is in a finished archive, a page of chains in a transaction."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from permits.models import (
    Activity,
    Anchor,
    Archive,
    Decision,
    Permit,
    Pull,
    SyncAttempt,
    ValidationStep,
)
from permits.models.chain import Stream, stream_of

PAGE: Final = 200  # chains emptied in one transaction

_PermitEdit: Any = Permit.history.model


def remove(made: Archive) -> None:
    """Remove what is in the file, as the triggers let pass while its archive is in this state."""
    after = 0
    while page := list(made.anchors.filter(pk__gt=after).order_by("pk")[:PAGE]):
        with transaction.atomic():
            for anchor in page:
                _remove_links(anchor)
        after = page[-1].pk
    made.finished_at, made.state = timezone.now(), Archive.State.DONE
    with transaction.atomic():
        made.save(update_fields=["state", "finished_at"])


def _remove_links(anchor: Anchor) -> None:
    upto = {"link__lte": anchor.length}
    if anchor.chain > 0:
        _raw(Decision.objects.filter(permit=anchor.chain, **upto))
        _raw_calls(SyncAttempt.objects.filter(permit=anchor.chain, **upto))
        _raw(_PermitEdit.objects.filter(id=anchor.chain, **upto))
        return
    stream, day = stream_of(anchor.chain)
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    if stream == Stream.ACTIVITY:
        _raw(Activity.objects.filter(at__gte=start, at__lt=end, **upto))
    else:
        of_day = {"started_at__gte": start, "started_at__lt": end}
        _raw_calls(SyncAttempt.objects.filter(permit=None, **of_day, **upto))


def _raw_calls(calls: Any) -> None:
    """Remove calls; counts and steps of a validation run stay, and name their call no more."""
    for model in (Pull, ValidationStep):
        model._default_manager.filter(attempt__in=calls.values("pk")).update(attempt=None)
    _raw(calls)


def _raw(records: Any) -> None:
    """Remove records without loading them; nothing that stays refers to them."""
    records._raw_delete(records.db)  # noqa: SLF001 - Django has no public name for it
