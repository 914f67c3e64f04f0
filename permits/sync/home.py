"""Whether the database is the portal's own, or a backup of it that was restored.

What was called since a backup was taken is not known in it, so nothing is sent before
`after_restore` has put that to a person. On PostgreSQL a database that was restored from a dump, or
copied, is told by numbers that the server gives. On SQLite the backup bears a mark.
"""

from typing import Final

from django.db import NotSupportedError, ProgrammingError, connection
from django.utils import timezone

from permits.models import Link
from permits.stored import said

BACKUP: Final = "backup"  # the home of every copy that `manage.py backup` makes
_ON_SQLITE: Final = "sqlite"
_WHY: Final = said(
    "What was called since the backup is not known here, and a permit could be pushed twice. Run "
    "manage.py after_restore, as the operator's guide says."
)


def look() -> None:
    """Pause all calls where the database is not the one that the portal ran on."""
    link, home = Link.current(), _here()
    if not link.home:
        Link.objects.filter(pk=link.pk, home="").update(home=home)
    elif link.home != home and not link.is_restored:
        restored = {"pause": Link.Pause.RESTORED, "paused_at": timezone.now(), "detail": _WHY}
        Link.objects.filter(pk=link.pk).update(**Link.IN_USE | restored)


def settle() -> None:
    """Take this database for the portal's own from now on."""
    link = Link.current()
    resumed = Link.IN_USE if link.is_restored else {}
    Link.objects.filter(pk=link.pk).update(home=_here(), **resumed)


def _here() -> str:
    if connection.vendor != "postgresql":
        return _ON_SQLITE
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid, 'permits_link'::regclass::oid FROM pg_database "
            "WHERE datname = current_database()"
        )
        database, table = cursor.fetchone()
    return f"{_server()}/{database}/{table}"


def _server() -> str:
    """Return the number of the server's data, which all its standbys share; not all tell it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT system_identifier FROM pg_control_system()")
            return str(cursor.fetchone()[0])
    except (ProgrammingError, NotSupportedError):
        return ""
