"""Who works on an import: one at a time, and for as long as it says so."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import F, Q
from django.utils import timezone

from permits.models import ImportRun

HELD_FOR: Final = timedelta(minutes=1)  # without a sign of life; then another may take over


class Interrupted(Exception):
    """The work is to stop here; what was done is kept."""


class HoldLost(Interrupted):
    """Another has taken the work over, or the import was discarded."""


def take_hold(run_id: int) -> ImportRun | None:
    """Take an import that is to be checked or written, unless somebody works on it."""
    now = timezone.now()
    taken = (
        ImportRun.objects.filter(
            pk=run_id, state__in=ImportRun.MOVING, tries__lt=ImportRun.MOST_TRIES
        )
        .filter(Q(held_until=None) | Q(held_until__lte=now))
        .update(held_until=now + HELD_FOR, tries=F("tries") + 1)
    )
    return ImportRun.objects.get(pk=run_id) if taken else None


def keep_hold(run: ImportRun, **progress: Any) -> None:
    """Write down how far the work is, and hold on. Raises `HoldLost`."""
    _write(run, held_until=timezone.now() + HELD_FOR, **progress)


def let_go(run: ImportRun, **outcome: Any) -> None:
    """Write down what came of the work, and let others have it. Raises `HoldLost`."""
    _write(run, held_until=None, **outcome)


def _write(run: ImportRun, **values: Any) -> None:
    if not ImportRun.objects.filter(pk=run.pk, held_until=run.held_until).update(**values):
        raise HoldLost
    for name, value in values.items():
        setattr(run, name, value)
