"""`manage.py send_alerts`: what the worker does about alerts each minute, from the shell."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from permits import alerts


class Command(BaseCommand):
    """Writes what is due, and sends what waits."""

    help = "Send by mail what needs a person, and the last seal; --test sends a test mail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Let an administrator try the mail server."""
        parser.add_argument("--test", action="store_true", help="send a test mail too")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fail where a message could not be sent, or where nobody is to get any."""
        if not settings.ALERT_RECIPIENTS:
            raise CommandError(_("Nothing is sent: ALERT_RECIPIENTS names nobody."))
        alerts.write_due()
        alerts.write_seal()
        if options["test"]:
            alerts.write_test("")
        tried = alerts.send_due()
        for alert in tried:
            self.stdout.write(f"{alert.subject}: {alert.error or 'sent'}")
        if any(alert.sent_at is None for alert in tried):
            raise CommandError(_("A message could not be sent. It is tried again by itself."))
