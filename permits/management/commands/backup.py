"""`manage.py backup FILE`: a copy of the SQLite database that knows that it is one."""

import os
import sqlite3
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from permits import sync
from permits.models import Link


class Command(BaseCommand):
    """Copies it while the portal runs; once restored, the copy lets no call be made by itself."""

    help = (
        "Copy the SQLite database into a new file, while the portal runs. Restored, it makes no "
        "call before manage.py after_restore has run. For PostgreSQL there is pg_dump."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file."""
        parser.add_argument("file", type=Path, help="what to write; it must not exist yet")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Copy and mark, and only then give it its name; none but the owner can read it."""
        if connection.vendor != "sqlite":
            raise CommandError("This copies SQLite databases. Use pg_dump for PostgreSQL.")
        if file.exists():
            raise CommandError(f"{file} is there already. Name a new file.")
        Link.current()  # what bears the mark
        part = file.with_name(f"{file.name}.part")
        try:
            part.unlink(missing_ok=True)
            os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
            _copy(str(connection.settings_dict["NAME"]), part)
            part.rename(file)
        except (OSError, sqlite3.Error) as error:
            raise CommandError(f"{file} could not be written: {error}.") from None
        self.stdout.write(f"{file} has all of it: {file.stat().st_size:,} bytes.")


def _copy(database: str, file: Path) -> None:
    with closing(sqlite3.connect(database)) as source:
        source.execute("VACUUM INTO ?", [str(file)])
    with closing(sqlite3.connect(file)) as copy, copy:
        copy.execute("UPDATE permits_link SET home = ?", [sync.BACKUP])
