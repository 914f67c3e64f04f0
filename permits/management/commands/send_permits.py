"""`manage.py send_permits`: send what is due now, from the shell or from cron."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from permits import sync
from permits.models import Link, Permit, SyncAttempt

Outcome = SyncAttempt.Outcome


class Command(BaseCommand):
    """Does the worker's work once, in the foreground."""

    help = "Send what is due now, until nothing is due, and print a summary."

    def handle(self, *args: Any, **options: Any) -> None:
        """Recover what was cut off, send, and fail where something due could not be applied."""
        recovered = sync.recover()
        outcomes = sync.drain_with_threads(go_on=lambda: True)
        self.stdout.write(f"Calls cut off by a crash: {recovered}")
        for outcome in (o for o in Outcome if o != Outcome.SENDING):
            self.stdout.write(f"{outcome.label}: {outcomes[outcome]}")
        waiting = Permit.objects.filter(state=Permit.State.QUEUED).count()
        in_doubt = Permit.objects.filter(state=Permit.State.IN_DOUBT).count()
        self.stdout.write(f"Still queued: {waiting}\nUnknown outcomes in all: {in_doubt}")
        link = Link.current()
        if link.is_paused:
            raise CommandError(f"The queue is paused: {link.get_pause_display()}. {link.detail}")
        if sum(outcomes.values()) > outcomes[Outcome.SUCCEEDED]:
            raise CommandError("Not every call was carried out; the sync history says why.")
