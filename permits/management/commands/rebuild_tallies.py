"""`manage.py rebuild_tallies`: count the calls of the pictures anew."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Sum

from permits import tallying
from permits.models import CallTally


class Command(BaseCommand):
    """Counts anew what the pictures show."""

    help = "Forget the tallies of all calls that are still in the history, and count them anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Count, and print how many calls the tallies hold now."""
        tallying.rebuild()
        calls = CallTally.objects.aggregate(calls=Sum("calls"))["calls"] or 0
        self.stdout.write(f"Calls in the tallies: {calls:,}.")
