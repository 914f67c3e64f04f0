"""`manage.py after_restore`: before a restored portal starts, doubt what it cannot know."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from permits import sync


class Command(BaseCommand):
    """Puts in doubt what may have been pushed after the backup was taken."""

    help = (
        "Run this on a restored database before the portal is started: a permit that was not on "
        "the controller when the backup was taken may be there now, and is put to a person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take when the backup was taken, and who restored it."""
        since = parser.add_mutually_exclusive_group(required=True)
        since.add_argument("--taken", metavar="TIME", help="when it was taken: 2026-11-26T09:30")
        since.add_argument(
            "--nothing-since",
            action="store_true",
            help="the portal was ended before it was taken and has not run since",
        )
        parser.add_argument("--by", default="", metavar="NAME", help="who restored it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was found, and what a person has to do."""
        if options["nothing_since"]:
            sync.settle()
            self.stdout.write("Nothing is in doubt. Calls are made again.")
            return
        restored = sync.after_restore(taken=_moment(options["taken"]), actor=options["by"])
        self.stdout.write(
            f"{restored.in_doubt} permits may have been pushed since: they are in doubt, and none "
            "is pushed before somebody has resolved it.\n"
            f"{restored.repeated} updates and deletes are queued; repeating them does no harm.\n"
            f"{restored.missing} permits are missing on the controller: look there before pushing "
            "one anew.\n"
            f"{restored.imports} imports were stopped: look before trying one again.\n"
            "Permits entered since are not here at all. The page Drift shows the zones that hold "
            "more than is known here."
        )


def _moment(text: str) -> datetime:
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise CommandError(f"{text!r} is no time such as 2026-11-26T09:30.")
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    if moment > timezone.now():
        raise CommandError("That is not over yet. Give the time at which the backup was begun.")
    return moment
