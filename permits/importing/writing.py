"""The writing: one block of good rows after the other, each in one short transaction.

A transaction writes a block's permits, the records of their history, and that the block is
written. So a crash loses nothing and doubles nothing: whoever goes on begins with the next block.
While the file is written, others may enter the same permits; those are left out.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from permits import digests, sync
from permits.importing import blocks, holding
from permits.importing.duplicates import GoodRow, already_there, digest
from permits.importing.times import STAMP
from permits.models import Batch, Chain, ImportBlock, ImportedPermit, ImportRun, Permit, Source
from permits.models.chain import NO_LINK, Entry, Head, extend
from permits.models.edit import PermitEdit

Kind = ImportBlock.Kind
_PERMIT: Final = (
    *("id", "plate", "zone_id", "ticket_number", "start_time", "end_time", "amount", "currency"),
    *("entered_by", "entered_at"),
)
_HISTORY: Final = (
    *("id", "plate", "zone_id", "ticket_number", "start_time", "end_time", "amount", "currency"),
    *("version", "actor", "history_user_id", "history_date", "history_type"),
    *("history_change_reason", "link", "digest"),
)
_CHAIN: Final = ("id", "length", "head", "proof")
_IMPORTED: Final = ("permit_id", "run_id", "line", "asked_for")


def write(run: ImportRun, *, go_on: Callable[[], bool]) -> None:
    """Write an import that is held, from where it stands; then start its push, if one is wanted."""
    while _write_next(run):
        if not go_on():
            raise holding.Interrupted
    if run.push and run.batch_id is None and run.written:
        run.batch = _start_push(run)
    with transaction.atomic():
        holding.let_go(
            run,
            state=ImportRun.State.DONE,
            finished_at=timezone.now(),
            batch=run.batch,
            tries=0,
            trouble="",
        )
        run.blocks.filter(kind__in=(Kind.FILE, Kind.GOOD)).delete()
        run.zones.all().delete()


def _write_next(run: ImportRun) -> bool:
    """Write the next block; return False where there is none."""
    with transaction.atomic():
        # All imports that are being written wait for each other here, so that two files with the
        # same permit cannot both miss it.
        moving = ImportRun.objects.filter(state=ImportRun.State.WRITING).order_by("pk")
        now = {each.pk: each for each in moving.select_for_update()}
        if run.pk not in now or now[run.pk].held_until != run.held_until:
            raise holding.HoldLost
        rows = [GoodRow(*row) for row in blocks.load(run, Kind.GOOD, run.next_block)]
        if not rows:
            return False
        by_key = {row.key: row for row in rows}
        there = already_there(by_key)
        fresh = [row for key, row in by_key.items() if key not in there]
        _insert_permits(run, fresh)
        holding.keep_hold(
            run,
            next_block=run.next_block + 1,
            written=run.written + len(fresh),
            overtaken=run.overtaken + len(rows) - len(fresh),
            tries=0,
            trouble="",
        )
    return True


def _insert_permits(run: ImportRun, rows: Sequence[GoodRow]) -> None:
    """Write permits as the page enters them, with the record of it and the lines they came from.

    Through the models this takes four times as long. What is not named here has its value from the
    database, whose defaults are the models'.
    """
    if run.confirmed_at is None:
        raise ValueError(f"{run} was not confirmed.")
    entered, now = _stamp(run.confirmed_at), _stamp(timezone.now())
    permits = [
        (pk, *row[1:], run.actor, entered)
        for pk, row in zip(_next_ids(len(rows)), rows, strict=True)
    ]
    edits = [
        (
            *permit[:8],
            1,
            run.actor,
            run.user_id,
            now,
            "+",
            _came_with(run, row.line),
        )
        for permit, row in zip(permits, rows, strict=True)
    ]
    heads = [_head(edit) for edit in edits]
    records = [(*edit, 1, head.digest) for edit, head in zip(edits, heads, strict=True)]
    chains = [
        (permit[0], 1, head.digest, head.proof) for permit, head in zip(permits, heads, strict=True)
    ]
    sources = [
        (permit[0], run.pk, row.line, digest(row.key))
        for permit, row in zip(permits, rows, strict=True)
    ]
    _insert(Permit._meta.db_table, _PERMIT, permits)
    _insert(Permit.history.model._meta.db_table, _HISTORY, records)
    _insert(Chain._meta.db_table, _CHAIN, chains)
    _insert(ImportedPermit._meta.db_table, _IMPORTED, sources)


def _head(edit: Sequence[Any]) -> Head:
    """Return the end of a new permit's chain, whose first link is the record of its entering."""
    said = {
        name: None if given is None else _CANONICAL.get(name, _same)(given)
        for name, given in zip(_HISTORY, edit, strict=False)
        if name in PermitEdit.LINKED
    }
    _, head = extend(edit[0], [Entry("edit", digests.fields(said.items()))], NO_LINK)
    return head


def _same(given: Any) -> Any:
    return given


def _moment(stamp: str) -> str:
    """Return a stamp as `digests.moment` writes it."""
    return f"{stamp.replace(' ', 'T')}{'' if '.' in stamp else '.000000'}Z"


_CANONICAL: Final[dict[str, Callable[[Any], Any]]] = {
    **dict.fromkeys(("start_time", "end_time", "history_date"), _moment),
    "amount": lambda amount: digests.value(Decimal(amount)),
}


def _insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Write rows in the fastest way that the database has."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            sql = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - our own names
            cursor.executemany(sql, rows)


def _next_ids(count: int) -> list[int]:
    """Take so many new primary keys of permits, which the history needs to know as well."""
    table = Permit._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [table, count],
            )
            return [pk for (pk,) in cursor.fetchall()]
        # The one writer that SQLite lets in takes what follows the last key ever given.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        last = row[0] if row else 0
        return list(range(last + 1, last + 1 + count))


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):{STAMP}.%f}"


def _start_push(run: ImportRun) -> Batch | None:
    """Start the bulk run that pushes what was written; one that a crash cut off is found again."""
    first = ImportedPermit.objects.filter(run=run).order_by("permit").values("permit")[:1]
    before = Batch.objects.filter(source=Source.IMPORT, items__permit__in=first).exclude(
        state=Batch.State.PREPARING
    )
    if (found := before.first()) is not None:
        return found
    try:
        return sync.start_batch(
            Batch.Kind.PUSH,
            Permit.objects.filter(imported__run=run),
            actor=run.actor,
            source=Source.IMPORT.value,
        )
    except sync.Refused:
        return None  # somebody was faster with every one of them


def _came_with(run: ImportRun, line: int) -> str:
    return f"{run}, line {line}"  # English: it is kept
