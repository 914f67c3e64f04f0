"""The short write transactions around a call."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import connection, transaction

_turn = threading.RLock()


@contextmanager
def writing() -> Iterator[None]:
    """Run one short transaction.

    SQLite lets one writer in at a time, and those who wait for it sleep and look again, so that
    sixteen threads in a tight loop can shut a page out for seconds. Here the threads of a process
    wait for each other first; then each process is one writer, and a page's turn comes soon.

    Who is inside a transaction already, as an admin page is, does not wait: SQLite has let that
    one in, so whoever has the turn here waits for it.
    """
    waits = connection.vendor == "sqlite" and not connection.in_atomic_block
    with _turn if waits else nullcontext(), transaction.atomic():
        yield
