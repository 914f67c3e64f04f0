"""What was left behind: logs, pages, rows. No error, no lock, no token, nothing half done."""

import re
from typing import Final

from django.db import connection

from permits.models import Batch, BatchItem, SyncAttempt
from tests.chaos.evidence import Evidence

# What no log may hold, whatever happens around it.
FORBIDDEN: Final = (
    "database is locked",
    "Internal Server Error",
    "Traceback (most recent call last)",
    "deadlock detected",
)
SHOWN: Final = 1500  # characters of a log around what was found


def check(evidence: Evidence) -> None:
    """Look through everything that was written."""
    _clients_saw_nothing_wrong(evidence)
    _logs_are_clean(evidence)
    _no_token_is_kept(evidence)
    _nothing_is_half_done(evidence)
    for name, code in evidence.exit_codes.items():
        if code != 0:
            evidence.complain(f"{name} ended with exit code {code} when it was asked to end")


def _clients_saw_nothing_wrong(evidence: Evidence) -> None:
    for note in evidence.diaries.of("wrong"):
        evidence.complain(f"at {note['at']}: {note['what']}\n{note.get('page', '')}")


def _logs_are_clean(evidence: Evidence) -> None:
    for name, words in evidence.logs.items():
        for forbidden in FORBIDDEN:
            found = [match.start() for match in re.finditer(re.escape(forbidden), words)]
            if found:
                around = words[max(0, found[0] - SHOWN // 3) : found[0] + SHOWN]
                evidence.complain(f"{name} says {forbidden!r} {len(found)} times:\n{around}")


def _no_token_is_kept(evidence: Evidence) -> None:
    token = evidence.plan.token.lower()
    for name, words in evidence.logs.items():
        if token in words.lower():
            evidence.complain(f"the log of {name} holds the token")
    for table in _tables_with_rows():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            if any(token in str(row).lower() for row in cursor):
                evidence.complain(f"the table {table} holds the token")


def _tables_with_rows() -> list[str]:
    """The tables that can be read row by row: SQLite's index of plates' parts keeps no rows."""
    tables = connection.introspection.table_names()
    if connection.vendor != "sqlite":
        return tables
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")
        indexes = {name for (name,) in cursor.fetchall()}
    return [table for table in tables if table not in indexes]


def _nothing_is_half_done(evidence: Evidence) -> None:
    for attempt in SyncAttempt.objects.filter(outcome=SyncAttempt.Outcome.SENDING):
        evidence.complain(f"attempt {attempt.pk} is still open")
    for item in BatchItem.objects.filter(result=BatchItem.Result.QUEUED):
        evidence.complain(f"permit {item.permit_id} is still queued by run {item.batch_id}")
    unfinished = Batch.objects.exclude(state=Batch.State.FINISHED)
    for batch in unfinished:
        evidence.complain(f"run {batch.pk} is still {batch.state}")
