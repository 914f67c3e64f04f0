"""`manage.py archive_history FOLDER`: export what was kept for long enough, then remove it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from permits import proof
from permits.models import Verification


class Command(BaseCommand):
    """Is run by a person; nothing runs it by itself."""

    help = (
        "Export the history that was closed longer ago than HISTORY_DAYS to a sealed file in the "
        "folder, verify the file, and only then remove it here. Run it again where it was cut off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the folder."""
        parser.add_argument("folder", type=Path, help="where the file goes; it must exist")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        """Verify, export, remove, and say what became of it."""
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        run: Verification = proof.verify(actor="")
        if run.problems:
            first = run.problems[0]
            raise CommandError(f"The history is not whole, so nothing is removed. {first}")
        today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
        before = today - timedelta(days=settings.HISTORY_DAYS)
        try:
            made = proof.archive(before, folder, actor="")
        except proof.NothingToArchive:
            self.stdout.write(f"Nothing was closed before {before:%Y-%m-%d} and is still here.")
            return
        except proof.SealedMeanwhile:
            raise CommandError("A seal is being made just now; try again in a minute.") from None
        except (OSError, proof.Broken) as error:
            why = f"The file cannot be used, so nothing was removed. {error}"
            raise CommandError(why) from None
        self.stdout.write(f"{made.records:,} links went into {made.file} and were removed here.")
        self.stdout.write(f"SHA-256 of the file: {bytes(made.digest).hex()}")
