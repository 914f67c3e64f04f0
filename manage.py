#!/usr/bin/env python
"""Django's command line for the portal: `python manage.py help` lists the commands."""

import gc
import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    gc.disable()  # until `permits.apps` has loaded everything
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permitportal.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
