"""`manage.py check_controller`: is the controller reached, and does it talk to us?"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from permits import checkup, validation
from permits.checkup import Standing
from permits.models import Source

_MARKS = {
    Standing.GOOD: "ok",
    Standing.WARNING: "warning",
    Standing.FAILED: "FAILED",
    Standing.NOT_TRIED: "-",
}


class Command(BaseCommand):
    """Does what the button on the controller's page does."""

    help = "Check step by step whether the controller is reached and answers; fail where one fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what is to be done besides."""
        parser.add_argument(
            "--validate",
            action="store_true",
            help="then make the vendor's validation run, and print its transcript",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before a validation run")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each step, and fail where one did."""
        steps = checkup.check(actor="", source=Source.CHECK)
        for step in steps:
            self.stdout.write(f"{_MARKS[step.standing]:>7}  {step.label}: {step.found}")
            if step.cure:
                self.stdout.write(f"{'':>7}  {step.cure}")
        failed = [step.label for step in steps if step.standing == Standing.FAILED]
        if failed:
            raise CommandError(_("Failed: %(steps)s.") % {"steps": ", ".join(failed)})
        if options["validate"]:
            self._validate(is_agreed=options["yes"] or settings.OPSCOM_IS_SANDBOX)

    def _validate(self, *, is_agreed: bool) -> None:
        """Make the run in this process, and fail where a step did not go as it should."""
        if not is_agreed:
            if not sys.stdin.isatty():
                raise CommandError(
                    _("This is a real controller: say --yes to validate against it.")
                )
            question = _("Push, update and delete test permits on %(url)s? [y/N]")
            self.stderr.write(f"{question % {'url': settings.OPSCOM_URL}} ", ending="")
            self.stderr.flush()
            if sys.stdin.readline().strip().lower() not in ("y", "yes"):
                raise CommandError(_("Nothing was pushed."))
        validation.tend()
        try:
            run = validation.run(validation.ask(actor="").pk)
        except validation.Refused as refused:
            raise CommandError(str(refused)) from None
        if run is None:
            raise CommandError(
                _("A worker makes the run already; its transcript is in the portal.")
            )
        self.stdout.write(validation.text(run))
        if not run.has_passed:
            raise CommandError(_("The validation run failed; the transcript says where."))
