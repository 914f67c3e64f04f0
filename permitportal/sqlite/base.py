"""The database backend that `DATABASES` names: Django's for SQLite, whose transactions take turns.

A transaction that waits longer than the connection's `timeout` fails as it does without turns:
"database is locked".
"""

import sqlite3
from typing import Any

from django.db.backends.sqlite3 import base

from permitportal.sqlite.turns import Turns, turns

PATIENCE = 5.0  # seconds, where no `timeout` is set; the driver's own


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that has its turn from the beginning of a transaction to its end.

    What it extends are Django's own hooks around `BEGIN`, `COMMIT`, `ROLLBACK` and the end of a
    connection, which django-stubs leaves out.
    """

    _turn: Turns | None = None

    def _start_transaction_under_autocommit(self) -> None:
        self._take_turn()
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._give_back()
            raise

    def _commit(self) -> Any:
        super()._commit()  # type: ignore[misc]
        self._give_back()

    def _rollback(self) -> Any:
        try:
            super()._rollback()  # type: ignore[misc]
        finally:
            self._give_back()

    def _close(self) -> Any:
        try:
            super()._close()  # type: ignore[misc]
        finally:
            self._give_back()

    def _take_turn(self) -> None:
        if self._turn is not None or self.is_in_memory_db():
            return
        mine = turns(str(self.settings_dict["NAME"]))
        patience = self.settings_dict["OPTIONS"].get("timeout", PATIENCE)
        with self.wrap_database_errors:
            if not mine.take(patience):
                raise sqlite3.OperationalError("database is locked")
        self._turn = mine

    def _give_back(self) -> None:
        if self._turn is not None:
            mine, self._turn = self._turn, None
            mine.give_back()
