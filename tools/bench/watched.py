"""A worker that counts its transactions and where its processor time goes.

It takes the arguments of `manage.py worker`, and prints what it counted on its last line. The time
is each thread's own, so that waiting counts for nothing.
"""

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import django

_lock = threading.Lock()
counted: Final[dict[str, Counter[str]]] = {
    "spent": Counter(),  # seconds, by room
    "transaction": Counter(),  # by room
    "statement": Counter(),  # by room
}


class _Place(threading.local):
    """Where this thread is."""

    room = "elsewhere"


_place: Final = _Place()


def _count(what: str, amount: float = 1) -> None:
    with _lock:
        counted[what][_place.room] += amount  # type: ignore[assignment]


def timed(room: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the function's processor time to the room's; within another, it is that one's."""

    def call(*arguments: Any, **named: Any) -> Any:
        if _place.room != _Place.room:
            return function(*arguments, **named)
        _place.room = room
        began = time.thread_time()
        try:
            return function(*arguments, **named)
        finally:
            _count("spent", time.thread_time() - began)
            _place.room = _Place.room

    return call


def watch() -> None:
    """Put the counting around the engine's rooms and the database's connections."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.signals import connection_created

    from permits.controller import Controller
    from permits.sync import bulk, calls

    rooms: list[tuple[str, Any, str]] = [
        ("claim", calls, "claim"),
        ("HTTP", Controller, "apply"),
        ("record", calls, "record"),
        ("feeding", bulk, "top_up"),
        ("feeding", bulk, "feed"),
    ]
    for room, place, name in rooms:
        setattr(place, name, timed(room, getattr(place, name)))
    commit = BaseDatabaseWrapper.commit

    def counted_commit(connection: BaseDatabaseWrapper) -> None:
        _count("transaction")
        commit(connection)

    def counted_statement(execute: Any, *arguments: Any) -> Any:
        _count("statement")
        return execute(*arguments)

    def on_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
        if counted_statement not in connection.execute_wrappers:
            connection.execute_wrappers.append(counted_statement)

    BaseDatabaseWrapper.commit = counted_commit  # type: ignore[assignment,method-assign]
    connection_created.connect(on_connection, weak=False)


if __name__ == "__main__":
    django.setup()
    watch()
    from django.core.management import call_command

    call_command("worker", *sys.argv[1:])
    print(json.dumps(counted))
