"""How many rows a list has, as far as that can be said without making the page wait."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

COUNTED: Final = 10_000
PATIENCE: Final = 0.05  # seconds
_LOOK_EVERY: Final = 5_000  # steps of SQLite's machine; about a tenth of a millisecond


@dataclass(frozen=True)
class Count:
    """How many rows there are: exactly, or more than so many."""

    rows: int
    is_exact: bool


def count_rows(rows: QuerySet[Any], seen: int | None = None) -> Count:
    """Count to `COUNTED`, and where some were seen no longer than `PATIENCE`: there are more.

    Counting a million rows, or looking through them for a few, would cost more than the page.
    """
    try:
        with nullcontext() if seen is None else _patience():
            found = rows.order_by()[: COUNTED + 1].count()
    except OperationalError:
        if seen is None:
            raise
        return Count(seen, is_exact=False)
    return Count(min(found, COUNTED), is_exact=found <= COUNTED)


@contextmanager
def _patience() -> Iterator[None]:
    """Have a query that takes too long end with an `OperationalError`."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {round(PATIENCE * 1000)}")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
        return
    connection.ensure_connection()
    ends = time.monotonic() + PATIENCE
    connection.connection.set_progress_handler(lambda: time.monotonic() > ends, _LOOK_EVERY)
    try:
        yield
    finally:
        connection.connection.set_progress_handler(None, 0)
