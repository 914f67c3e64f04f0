"""The triggers with which the database itself refuses to change or remove history.

They are put up after migrating and taken down before it, as a migration may have to touch what they
guard; `missing` lets a verification say so where they are not up. Two things they let pass: a call
under way may be closed once, and a record that is in a verified archive may be removed while that
archive is being finished, which is what `archive_history` does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

_PREFIX: Final = "guard_"
_ARCHIVED_OF_PERMIT: Final = (
    "EXISTS (SELECT 1 FROM permits_anchor AS anchor JOIN permits_archive AS archive "
    "ON archive.id = anchor.archive_id WHERE archive.state = 'removing' "
    "AND anchor.chain = OLD.{permit} AND OLD.link <= anchor.length)"
)
_ARCHIVED_OF_DAY: Final = (
    "EXISTS (SELECT 1 FROM permits_archive AS archive WHERE archive.state = 'removing' "
    "AND OLD.{moment} < archive.before)"
)


@dataclass(frozen=True)
class _Guarded:
    """What may be done to a table's rows; conditions are SQL over OLD and NEW."""

    table: str
    key: str = "id"
    may_be_removed: str = ""  # never, unless this holds
    open_while: str = ""  # may be changed while this holds of OLD ...
    moving: tuple[str, ...] = ()  # ... but only in these columns, where any are named
    forgets: str = ""  # a column that may become null, as with the user it refers to
    forward: str = ""  # may be changed where this grows


_GUARDED: Final = (
    _Guarded(
        "permits_syncattempt",
        may_be_removed=f"{_ARCHIVED_OF_PERMIT.format(permit='permit_id')} OR "
        f"(OLD.permit_id IS NULL AND {_ARCHIVED_OF_DAY.format(moment='started_at')})",
        open_while="OLD.outcome = 'sending'",
        moving=(
            *("lease_until", "outcome", "finished_at", "duration_ms", "http_status", "response"),
            *("response_length", "error_code", "error_message", "link", "digest"),
        ),
    ),
    _Guarded("permits_decision", may_be_removed=_ARCHIVED_OF_PERMIT.format(permit="permit_id")),
    _Guarded("permits_activity", may_be_removed=_ARCHIVED_OF_DAY.format(moment="at")),
    _Guarded(
        "permits_historicalpermit",
        key="history_id",
        may_be_removed=_ARCHIVED_OF_PERMIT.format(permit="id"),
        forgets="history_user_id",
    ),
    _Guarded("permits_historicalzone", key="history_id", forgets="history_user_id"),
    _Guarded("permits_chain", forward="length"),
    _Guarded("permits_seal", open_while="OLD.is_open"),
    _Guarded("permits_sealedhead"),
    _Guarded("permits_verification", open_while="OLD.finished_at IS NULL"),
    _Guarded("permits_archive", open_while="OLD.state NOT IN ('done', 'abandoned')"),
    _Guarded("permits_anchor"),
)
_PERMIT: Final = (
    "OLD.reference_id <> '' "
    "OR EXISTS (SELECT 1 FROM permits_syncattempt WHERE permit_id = OLD.id) "
    "OR EXISTS (SELECT 1 FROM permits_decision WHERE permit_id = OLD.id)"
)


def put_up() -> None:
    """Create every trigger whose table is there in its present form."""
    take_down()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_REFUSE)
        for _, statements in _triggers(cursor):
            for statement in statements:
                cursor.execute(statement)


def take_down() -> None:
    """Drop every trigger."""
    with connection.cursor() as cursor:
        for name, table in _present(cursor):
            on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER {name}{on_table}")
            if on_table:
                cursor.execute(f"DROP FUNCTION IF EXISTS {name}()")


def missing() -> list[str]:
    """Return the names of the triggers that are not there."""
    with connection.cursor() as cursor:
        present = {name for name, _ in _present(cursor)}
        return [name for name, _ in _triggers(cursor) if name not in present]


def _present(cursor: Any) -> list[tuple[str, str]]:
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT tgname, tgrelid::regclass::text FROM pg_trigger "
            "WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgname LIKE 'guard\\_%%'"
        )
    else:
        cursor.execute(
            "SELECT name, tbl_name FROM sqlite_master "
            "WHERE type = 'trigger' AND name LIKE 'guard\\_%%' ESCAPE '\\'"
        )
    return [(name, table) for name, table in cursor.fetchall()]


def _triggers(cursor: Any) -> Iterator[tuple[str, list[str]]]:
    """Return each trigger's name, and what creates it."""
    tables = set(connection.introspection.table_names(cursor))
    ready = {"permits_archive", "permits_anchor"} <= tables
    for guarded in _GUARDED:
        if not ready or guarded.table not in tables:
            continue
        described = connection.introspection.get_table_description(cursor, guarded.table)
        columns = [column.name for column in described]
        yield from _of_table(guarded, columns)
    if ready:
        yield _trigger("permits_permit", "DELETE", _PERMIT)
        yield from _against_bulk("permits_permit", "id")


def _of_table(guarded: _Guarded, columns: list[str]) -> Iterator[tuple[str, list[str]]]:
    table = guarded.table
    kept = f"NOT ({guarded.may_be_removed})" if guarded.may_be_removed else ""
    yield _trigger(table, "DELETE", kept)
    if guarded.forgets:
        rest = ", ".join(column for column in columns if column != guarded.forgets)
        yield _trigger(table, "UPDATE", "", of=rest)
        named = f"NEW.{guarded.forgets} IS NOT NULL"
        yield _trigger(table, "UPDATE", named, of=guarded.forgets, name="names")
    else:
        yield _trigger(table, "UPDATE", _unchangeable(guarded, columns))
    yield from _against_bulk(table, guarded.key)


def _unchangeable(guarded: _Guarded, columns: list[str]) -> str:
    if guarded.forward:
        return f"NEW.{guarded.forward} <= OLD.{guarded.forward} OR NEW.id <> OLD.id"
    if not guarded.open_while:
        return ""
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    fixed = [column for column in columns if guarded.moving and column not in guarded.moving]
    changed = [f"NEW.{column} {differs} OLD.{column}" for column in fixed]
    return " OR ".join([f"NOT ({guarded.open_while})", *changed])


def _against_bulk(table: str, key: str) -> Iterator[tuple[str, list[str]]]:
    """Refuse what goes past a row's triggers: TRUNCATE there, INSERT OR REPLACE here."""
    if connection.vendor == "postgresql":
        name = f"{_PREFIX}{table}_truncate"
        yield (
            name,
            [
                f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION permits_refuse()"
            ],
        )
    else:
        there = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - ours
        yield _trigger(table, "INSERT", there)


_REFUSE: Final = """
    CREATE OR REPLACE FUNCTION permits_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% in % is refused: history stands', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
    END $$
"""


def _trigger(
    table: str, event: str, when: str, *, of: str = "", name: str = ""
) -> tuple[str, list[str]]:
    """Return a trigger that refuses an event, where a condition is given only when it holds."""
    called = f"{_PREFIX}{table}_{name or event.lower()}"
    columns = f" OF {of}" if of else ""
    trigger = f"CREATE TRIGGER {called} BEFORE {event}{columns} ON {table} FOR EACH ROW"
    if connection.vendor != "postgresql":
        condition = f"WHEN {when} " if when else ""
        refusal = f"SELECT RAISE(ABORT, '{event} in {table} is refused: history stands')"
        return called, [f"{trigger} {condition}BEGIN {refusal}; END"]
    if "EXISTS" not in when:
        condition = f"WHEN ({when}) " if when else ""
        return called, [f"{trigger} {condition}EXECUTE FUNCTION permits_refuse()"]
    # A condition of PostgreSQL's own cannot look into other tables; a function can.
    function = f"""
        CREATE OR REPLACE FUNCTION {called}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF {when} THEN
                RAISE EXCEPTION '{event} in {table} is refused: history stands'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN OLD;
        END $$
    """
    return called, [function, f"{trigger} EXECUTE FUNCTION {called}()"]
