"""Blocks of an import in the database: the file as it came, and the rows that the check sorted.

A block is compressed and written in a short transaction of its own, so that a file of any size is
held in parts, whichever machine receives, checks and writes it.
"""

import json
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any, BinaryIO, Final

from permits.models import ImportBlock, ImportRun

PART: Final = 1 << 20  # bytes of a file in a block
ROWS: Final = {  # rows in a block
    ImportBlock.Kind.GOOD: 2_000,
    ImportBlock.Kind.BAD: 50,  # what one page shows
    ImportBlock.Kind.DUPLICATE: 50,
}
Kind = ImportBlock.Kind


def store(run: ImportRun, kind: "ImportBlock.Kind", number: int, rows: list[Any]) -> None:
    """Keep a block of rows."""
    packed = json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=_as_json)
    _store(run, kind, number, packed.encode())


def store_part(run: ImportRun, number: int, data: bytes) -> None:
    """Keep a part of the file."""
    _store(run, Kind.FILE, number, data)


def load(run: ImportRun, kind: "ImportBlock.Kind", number: int) -> list[Any]:
    """Return a block of rows, or none where there is no such block."""
    data = run.blocks.filter(kind=kind, number=number).values_list("data", flat=True).first()
    if data is None:
        return []
    rows: list[Any] = json.loads(_unpacked(data), object_hook=_from_json)
    return rows


def load_all(run: ImportRun, kind: "ImportBlock.Kind") -> Iterator[Any]:
    """Yield the rows of all blocks of a kind, holding one block at a time."""
    number = 0
    while rows := load(run, kind, number):
        yield from rows
        number += 1


@contextmanager
def open_file(run: ImportRun) -> Iterator[BinaryIO]:
    """Give the file as it came, on the disk for as long as it is read."""
    with tempfile.TemporaryFile() as file:
        number = 0
        parts = run.blocks.filter(kind=Kind.FILE).values_list("data", flat=True)
        while (data := parts.filter(number=number).first()) is not None:
            file.write(_unpacked(data))
            number += 1
        file.seek(0)
        yield file


def _store(run: ImportRun, kind: "ImportBlock.Kind", number: int, data: bytes) -> None:
    ImportBlock.objects.create(run=run, kind=kind, number=number, data=zlib.compress(data, 1))


def _unpacked(data: Any) -> bytes:
    return zlib.decompress(bytes(data))


_TIMES: Final = {"datetime": datetime, "date": date, "time": time}


def _as_json(value: Any) -> dict[str, str]:
    """Keep the dates of a spreadsheet as what they are."""
    if isinstance(value, timedelta):
        return {"timedelta": str(value.total_seconds())}
    return {type(value).__name__: value.isoformat()}


def _from_json(kept: dict[str, str]) -> Any:
    [(kind, text)] = kept.items()
    if kind == "timedelta":
        return timedelta(seconds=float(text))
    return _TIMES[kind].fromisoformat(text)  # type: ignore[attr-defined]
