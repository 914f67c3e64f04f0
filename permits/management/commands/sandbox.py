"""`manage.py sandbox`: run the controller's stand-in, for the configured client and token."""

import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand

from permits.sandbox import main


class Command(BaseCommand):
    """Runs the sandbox in this process, until SIGINT or SIGTERM."""

    help = "Run a stand-in for the controller that takes this portal's client code and token."
    requires_system_checks = ["configuration"]

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take where to listen and where to keep what it holds."""
        parser.add_argument("--port", default=urlsplit(settings.SANDBOX_URL).port or 8001)
        parser.add_argument("--ledger", help="a file to keep everything in")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until stopped."""
        arguments = [
            f"--port={options['port']}",
            f"--client-code={settings.OPSCOM_CLIENT_CODE}",
            f"--token={settings.OPSCOM_API_TOKEN}",
        ]
        if options["ledger"]:
            arguments.append(f"--ledger={options['ledger']}")
        sys.exit(main(arguments))
