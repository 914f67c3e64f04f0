"""Removing what is in a finished archive, a page of chains in a transaction."""

from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from permits.models import Anchor, Archive, Pull, SyncAttempt, ValidationStep
from permits.proof import links

PAGE: Final = 200  # chains emptied in one transaction


def remove(made: Archive) -> None:
    """Remove what is in the file, as the triggers let pass while its archive is in this state."""
    after = 0
    while page := list(made.anchors.filter(pk__gt=after).order_by("pk")[:PAGE]):
        with transaction.atomic():
            _remove_permits(made, [anchor.chain for anchor in page if anchor.chain > 0])
            for anchor in page:
                if anchor.chain < 0:
                    _remove_day(anchor)
        after = page[-1].pk
    made.finished_at, made.state = timezone.now(), Archive.State.DONE
    with transaction.atomic():
        made.save(update_fields=["state", "finished_at"])


def _remove_permits(made: Archive, permits: list[int]) -> None:
    """Remove the links of permits' chains as far as their anchors say."""
    for model, field in links.OF_PERMITS:  # decisions first, as they refer to calls
        anchors = made.anchors.filter(chain=OuterRef(field), length__gte=OuterRef("link"))
        records = model.objects.filter(Exists(anchors), **{f"{field}__in": permits})
        _remove(records.order_by())


def _remove_day(anchor: Anchor) -> None:
    """Remove the links of a stream's day as far as its anchor says."""
    _remove(links.of_day(anchor.chain).filter(link__lte=anchor.length).order_by())


def _remove(records: Any) -> None:
    """Remove records without loading them; nothing that stays refers to them.

    Counts and steps of a validation run stay, and name their call no more.
    """
    if records.model is SyncAttempt:
        for model in (Pull, ValidationStep):
            model._default_manager.filter(attempt__in=records.values("pk")).update(attempt=None)
    records._raw_delete(records.db)  # noqa: SLF001 - Django has no public name for it
