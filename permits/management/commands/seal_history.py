"""`manage.py seal_history`: seal where every chain of the history ends, and print the seal."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from permits import proof
from permits.models import Seal


class Command(BaseCommand):
    """Makes a seal, as the worker does every day, or prints the last one."""

    help = "Seal the history now and print the seal, to be mailed, printed and kept apart."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the option to make none."""
        parser.add_argument("--print", action="store_true", help="print the last seal; make none")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the seal in a form that can be compared by eye."""
        if options["print"]:
            seal = Seal.objects.filter(is_open=False).first()
            if seal is None:
                raise CommandError("There is no seal yet.")
        else:
            try:
                seal = proof.make_seal(actor="")
            except proof.SealedMeanwhile:
                raise CommandError("Somebody else is making a seal just now.") from None
        self.stdout.write(f"{seal}, {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC")
        self.stdout.write(f"{seal.heads:,} chains had moved since the seal before.")
        self.stdout.write(seal.printed())
