"""Adding and changing one row, with SQL that is composed once and not for every call.

They do what `save(force_insert=True)` and `filter(…).update(…)` do, but for signals, which nothing
here listens to. Composing the statements of a call through the ORM cost more than running them.

Where the row is kept with a link, the end of its chain moves on in the same round trip, if the
database has one: as a statement of its own that took half of what a link costs on PostgreSQL.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, models

from permits.models import direct
from permits.models.chain import (
    MOVE,
    WHERE_IT_WAS,
    Move,
    Overtaken,
    chain_name,
    moved,
    read_head,
    write_head,
)

# Fields whose values a driver takes as they are; the others say how theirs are stored.
_TAKEN_AS_THEY_ARE: Final = (
    models.BinaryField,
    models.BooleanField,
    models.CharField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)


def add(row: models.Model, move: Move | None = None) -> None:
    """Insert the row and give it its key; raise `Overtaken` where its chain's end is elsewhere."""
    sql, names = _insert(type(row))
    row.pk = _write(sql, _stored(type(row), names, [getattr(row, name) for name in names]), move)


def change(
    model: type[models.Model],
    which: Mapping[str, Any],
    changes: Mapping[str, Any],
    move: Move | None = None,
) -> bool:
    """Change the one row whose fields are as given; return whether there was one.

    Where there was none, its chain's end stays where it is. Raises `Overtaken` where that is
    elsewhere; the transaction must end then.
    """
    names = (*changes, *which)
    sql = _update(model, names, len(changes))
    values = _stored(model, names, [*changes.values(), *which.values()])
    return _write(sql, values, move) is not None


def _write(sql: str, values: list[Any], move: Move | None) -> Any:
    """Write one row, and move its chain's end on with it; return its key, or None."""
    if move is None:
        return _key(sql, values)
    if move.before and connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        key = _key(_together(sql), [*values, *moved(move)])
        if key is None and read_head(move.chain).length != move.before:
            raise Overtaken(chain_name(move.chain))
        return key
    key = _key(sql, values)
    if key is not None:
        write_head(move)
    return key


def _key(sql: str, values: list[Any]) -> Any:
    row = direct.first(sql, values)
    return row and row[0]


@cache
def _together(sql: str) -> str:
    """Return a statement that moves a chain's end on only where the given one writes its row.

    It returns nothing where there was no such row, and where the end is elsewhere.
    """
    return f"WITH written AS ({sql}) {MOVE} FROM written {WHERE_IT_WAS} RETURNING written.id"


def _stored(model: type[models.Model], names: tuple[str, ...], values: list[Any]) -> list[Any]:
    """Return the values as the driver takes them."""
    connection = connections[DEFAULT_DB_ALIAS]
    for place, prepare in _preparations(model, names):
        values[place] = prepare(values[place], connection)
    return values


@cache
def _preparations(
    model: type[models.Model], names: tuple[str, ...]
) -> list[tuple[int, Callable[[Any, Any], Any]]]:
    fields = [_field(model, name) for name in names]
    return [
        (
            place,
            _stored_moment if isinstance(field, models.DateTimeField) else field.get_db_prep_save,
        )
        for place, field in enumerate(fields)
        if not isinstance(field, _TAKEN_AS_THEY_ARE)
    ]


def _stored_moment(moment: datetime | None, connection: Any) -> Any:
    """Return a moment as the driver takes it; the field would first ask whether it is one."""
    return connection.ops.adapt_datetimefield_value(moment)


@cache
def _insert(model: type[models.Model]) -> tuple[str, tuple[str, ...]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(str(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return (
        f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({places}) RETURNING id",  # noqa: S608
        tuple(field.attname for field in fields),
    )


@cache
def _update(model: type[models.Model], names: tuple[str, ...], changes: int) -> str:
    def settings(names: Iterable[str]) -> list[str]:
        return [f"{_field(model, name).column} = %s" for name in names]

    return (
        f"UPDATE {model._meta.db_table} SET {', '.join(settings(names[:changes]))} "  # noqa: S608
        f"WHERE {' AND '.join(settings(names[changes:]))} RETURNING id"
    )


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)
