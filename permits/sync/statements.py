"""Adding and changing one row, with SQL that is composed once and not for every call.

They do what `save(force_insert=True)` and `filter(…).update(…)` do, but for signals, which nothing
here listens to. Composing the statements of a call through the ORM cost more than running them.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model


def add(row: Model) -> None:
    """Insert the row and give it its key."""
    sql, names = _insert(type(row))
    with connection.cursor() as cursor:
        cursor.execute(sql, _stored(type(row), {name: getattr(row, name) for name in names}))
        row.pk = cursor.fetchone()[0]


def change(model: type[Model], which: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    """Change the one row whose fields are as given; return whether there was one."""
    sql = _update(model, tuple(which), tuple(changes))
    with connection.cursor() as cursor:
        cursor.execute(sql, _stored(model, changes) + _stored(model, which))
        return bool(cursor.rowcount)


def _stored(model: type[Model], values: Mapping[str, Any]) -> list[Any]:
    return [
        model._meta.get_field(name).get_db_prep_save(value, connection)  # type: ignore[union-attr]
        for name, value in values.items()
    ]


@cache
def _insert(model: type[Model]) -> tuple[str, tuple[str, ...]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(str(field.column) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return (
        f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({places}) RETURNING id",  # noqa: S608
        tuple(field.attname for field in fields),
    )


@cache
def _update(model: type[Model], which: tuple[str, ...], changes: tuple[str, ...]) -> str:
    def settings(names: tuple[str, ...]) -> list[str]:
        return [f"{model._meta.get_field(name).column} = %s" for name in names]  # type: ignore[union-attr]

    return (
        f"UPDATE {model._meta.db_table} SET {', '.join(settings(changes))} "  # noqa: S608
        f"WHERE {' AND '.join(settings(which))}"
    )
