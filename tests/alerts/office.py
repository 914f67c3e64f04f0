"""What happens in these tests: pushes are lost, calls pause, and the worker tells of it."""

from django.utils import timezone

from permits import tasks
from permits.models import Link, Permit
from tests.engine.office import enter


def doubt(plate: str = "ABC 123") -> Permit:
    """A permit of which nobody knows whether it arrived."""
    permit = enter(plate=plate)
    Permit.objects.filter(pk=permit.pk).update(state=Permit.State.IN_DOUBT)
    permit.attempts.create(
        operation="push",
        outcome="in_doubt",
        source="form",
        started_at=timezone.now(),
        lease_until=timezone.now(),
        finished_at=timezone.now(),
    )
    return permit


def pause() -> None:
    Link.objects.update_or_create(
        pk=Link.ONLY,
        defaults={
            "pause": Link.Pause.UNREACHABLE,
            "paused_at": timezone.now(),
            "detail": "ABC 123 is not welcome",
        },
    )


def unpause() -> None:
    Link.objects.update(pause="", paused_at=None, detail="")


def settle() -> None:
    """Have every unknown outcome decided."""
    Permit.objects.filter(state=Permit.State.IN_DOUBT).update(state=Permit.State.DRAFT)


def tell() -> None:
    """Do what the worker does each minute."""
    tasks.tell.call_local()
