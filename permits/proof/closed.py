"""What is closed for long enough to be archived: whole chains, of which nothing is in use."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from permits.models import Chain, Decision, Permit, SyncAttempt
from permits.models.chain import Stream, stream_of
from permits.proof import links, seals

PAGE: Final = 200  # chains looked at together
STREAMS: Final = (Stream.COUNTS, Stream.ACTIVITY)  # zones are few, and their names are needed

_PermitEdit: Any = Permit.history.model
_BUSY: Final = (Permit.State.QUEUED, Permit.State.SENDING, Permit.State.IN_DOUBT)


def eligible(before: datetime) -> Iterator[int]:
    """Return the chains of which everything was closed before this moment."""
    after = seals.BEFORE_ALL
    while page := list(
        Chain.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:PAGE]
    ):
        yield from eligible_of(page, before)
        after = page[-1]


def eligible_of(chains: list[int], before: datetime) -> list[int]:
    """Return those of the chains of which there is something, closed before this moment."""
    days = [chain for chain in chains if chain < 0 and _is_closed(chain, before)]
    permits = [chain for chain in chains if chain > 0]
    return sorted((*days, *_closed(permits, before)))


def _is_closed(chain: int, before: datetime) -> bool:
    """Whether a stream's day is over, and something is there."""
    stream, day = stream_of(chain)
    ends = datetime.combine(day, time(), UTC) + timedelta(days=1)
    if stream not in STREAMS or ends > before:
        return False
    if stream == Stream.COUNTS and _counts_under_way(ends):
        return False
    return links.any_of_stream(chain)


def _counts_under_way(ends: datetime) -> bool:
    return SyncAttempt.objects.filter(permit=None, started_at__lt=ends, finished_at=None).exists()


def _closed(permits: list[int], before: datetime) -> set[int]:
    """Return those of the permits whose time is over and of which nothing happened since."""
    of_edit, of_permit = OuterRef("id"), OuterRef("id")
    calls = SyncAttempt.objects.filter(permit=of_permit).filter(
        Q(finished_at=None) | Q(finished_at__gte=before)
    )
    decisions = Decision.objects.filter(permit=of_permit, decided_at__gte=before)
    edits = _PermitEdit.objects.filter(id=of_edit, history_date__gte=before)
    in_use = Q(end_time__gte=before) | Q(state__in=_BUSY)
    current = Permit.objects.filter(in_use, pk=of_permit)
    told = _PermitEdit.objects.filter(id=of_edit).order_by()
    called = SyncAttempt.objects.filter(permit=of_permit).order_by()
    chains = Chain.objects.filter(pk__in=permits).filter(Exists(told) | Exists(called))
    for newer in (calls, decisions, edits, current):
        chains = chains.exclude(Exists(newer))
    return set(chains.values_list("pk", flat=True))
