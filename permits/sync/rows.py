"""The two reads that every call makes, as SQL: take a due permit, and lock one that is known.

Composing these through the ORM cost more than running them, two of the five milliseconds that each
permit sent took. Both statements run on SQLite (3.35 or newer) and on PostgreSQL alike.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections

from permits.models import Permit, Zone, direct
from permits.models.chain import NO_LINK, head_of

_FIELDS: Final = Permit._meta.concrete_fields
_NAMES: Final = [field.attname for field in _FIELDS]
_COLUMNS: Final = ", ".join(str(field.column) for field in _FIELDS)
_HEAD: Final = """
    (SELECT length FROM permits_chain WHERE id = permits_permit.id) AS chain_length,
    (SELECT head FROM permits_chain WHERE id = permits_permit.id) AS chain_head,
    (SELECT proof FROM permits_chain WHERE id = permits_permit.id) AS chain_proof
"""
_LOCK: Final = """
    SELECT {columns}, (SELECT name FROM permits_zone WHERE id = zone_id) AS zone_name, {head}
    FROM permits_permit WHERE id = %s {lock}
"""
_TAKE: Final = """
    UPDATE permits_permit SET state = 'sending', send_again = FALSE, due_at = %s
    WHERE state = 'queued' AND id = (
        SELECT id FROM permits_permit WHERE state = 'queued' AND due_at <= %s {which}
    )
    RETURNING {columns}, (SELECT name FROM permits_zone WHERE id = zone_id) AS zone_name, {head},
    EXISTS (
        SELECT 1 FROM permits_syncattempt AS attempt
        LEFT JOIN permits_decision AS decision ON decision.attempt_id = attempt.id
        WHERE attempt.permit_id = permits_permit.id AND attempt.operation = 'push'
          AND attempt.outcome = 'in_doubt' AND decision.id IS NULL
    ) AS undecided, EXISTS (
        SELECT 1 FROM permits_syncattempt AS attempt
        WHERE attempt.permit_id = permits_permit.id AND attempt.outcome = 'sending'
    ) AS called_for
"""
_THIS: Final = "AND id = %s"
_NEXT: Final = """
    AND NOT EXISTS (SELECT 1 FROM permits_link WHERE pause <> '') ORDER BY due_at LIMIT 1 {lock}
"""


def take(now: datetime, permit_id: int | None) -> Any:
    """Move a due permit to `sending` and return it, or None; one statement, so only one wins.

    A given permit is waited for; without one the longest due is taken that nobody else holds, and
    none while the link is paused. The permit returned has three attributes more: `head`, where its
    chain ends, `undecided`, whether the outcome of an earlier push is unknown and nobody has
    decided, and `called_for`, whether a call for it is under way.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    stamp = connection.ops.adapt_datetimefield_value(now)
    if permit_id is None:
        skip = connection.features.has_select_for_update_skip_locked
        which = _NEXT.format(lock="FOR UPDATE SKIP LOCKED" if skip else "")
        return _first(_TAKE.format(columns=_COLUMNS, head=_HEAD, which=which), [stamp, stamp])
    this = _TAKE.format(columns=_COLUMNS, head=_HEAD, which=_THIS)
    return _first(this, [stamp, stamp, permit_id])


def lock(permit_id: int) -> Any:
    """Return the permit, held until the transaction ends, with its `head`; None if it is gone."""
    connection = connections[DEFAULT_DB_ALIAS]
    clause = "FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    return _first(_LOCK.format(columns=_COLUMNS, head=_HEAD, lock=clause), [permit_id])


def _first(sql: str, parameters: list[Any]) -> Any:
    row = direct.first(sql, parameters)
    if row is None:
        return None
    connection = connections[DEFAULT_DB_ALIAS]
    values = list(row[: len(_NAMES)])
    for place, column, converters in _converters():
        for convert in converters:
            values[place] = convert(values[place], column, connection)
    permit: Any = Permit.from_db(connection.alias, _NAMES, values)
    zone_name, length, head, proof, *told = row[len(_NAMES) :]
    permit.head = NO_LINK if length is None else head_of(length, head, proof)
    permit.zone = None if zone_name is None else Zone(pk=permit.zone_id, name=zone_name)
    permit.undecided, permit.called_for = map(bool, told or (False, False))
    return permit


@cache
def _converters() -> list[tuple[int, Any, list[Callable[..., Any]]]]:
    """Return how a permit's columns become Python's values, where they do not as they are."""
    connection = connections[DEFAULT_DB_ALIAS]
    columns = [field.get_col(Permit._meta.db_table) for field in _FIELDS]
    converters = [
        connection.ops.get_db_converters(column) + column.get_db_converters(connection)
        for column in columns
    ]
    return [
        (place, column, functions)
        for place, (column, functions) in enumerate(zip(columns, converters, strict=True))
        if functions
    ]
