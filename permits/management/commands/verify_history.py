"""`manage.py verify_history`: walk the whole history and name what was tampered with."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from permits import proof


class Command(BaseCommand):
    """Verifies every record, chain and seal."""

    help = "Verify the whole history; name what was changed, removed, added or moved, and fail."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was verified; fail where anything is wrong."""
        run = proof.verify(actor="")
        self.stdout.write(
            f"Verified {run.records:,} links in {run.chains:,} chains and {run.seals:,} seals, "
            f"{run.rate:,.0f} links a second."
        )
        if run.problems:
            raise CommandError("The history is not whole.\n" + "\n".join(run.problems))
        self.stdout.write("The history is whole.")
