"""One statement of a transaction, put to the database's driver and not to Django's cursor.

The cursor's checks before and after a statement take ten times as long as SQLite takes for it, and
the engine makes a dozen for each call. PostgreSQL besides plans each statement of that cursor anew,
and those of its own driver once. What is kept of the cursor: errors are Django's, and whoever
watches the connection's statements sees these too.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, NotSupportedError, OperationalError, connections


def first(sql: str, parameters: Sequence[Any]) -> Any:
    """Run one statement within a transaction; the first of the rows that it returns, or None.

    The statement marks its parameters by `%s`, and holds no other per cent sign.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.execute_wrappers or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchone()
    try:
        with connection.wrap_database_errors:
            if connection.vendor == "postgresql":
                return psycopg.Cursor(connection.connection).execute(sql, parameters).fetchone()
            text = _with_question_marks(sql)
            return connection.connection.execute(text, parameters).fetchone()
    except NotSupportedError as error:
        # An upgrade has changed a column since the statement was prepared. The driver forgets it
        # with the transaction that must end now: the next one succeeds.
        raise OperationalError(*error.args) from error


@cache
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?")
