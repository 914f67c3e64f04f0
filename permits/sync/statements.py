"""Adding and changing one row, with SQL that is composed once and not for every call.

They do what `save(force_insert=True)` and `filter(…).update(…)` do, but for signals, which nothing
here listens to. Composing the statements of a call through the ORM cost more than running them.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, models

# Fields whose values a driver takes as they are; the others say how theirs are stored.
_TAKEN_AS_THEY_ARE: Final = (
    models.BinaryField,
    models.BooleanField,
    models.CharField,
    models.ForeignKey,
    models.IntegerField,
    models.TextField,
)


def add(row: models.Model) -> None:
    """Insert the row and give it its key."""
    sql, names = _insert(type(row))
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, _stored(type(row), names, [getattr(row, name) for name in names]))
        row.pk = cursor.fetchone()[0]


def change(model: type[models.Model], which: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    """Change the one row whose fields are as given; return whether there was one."""
    names = (*changes, *which)
    sql = _update(model, names, len(changes))
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(sql, _stored(model, names, [*changes.values(), *which.values()]))
        return bool(cursor.rowcount)


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
        (place, field.get_db_prep_save)
        for place, field in enumerate(fields)
        if not isinstance(field, _TAKEN_AS_THEY_ARE)
    ]


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
        f"WHERE {' AND '.join(settings(names[changes:]))}"
    )


def _field(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)
