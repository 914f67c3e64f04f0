"""Which permits are valid at a moment, found without reading those of all other days.

An index over starts or over ends alone leaves half of all permits to be read for a moment in the
middle of them. So permits are told apart by how long they are valid: of those of four hours at most
that are valid at noon, none has started before eight.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Func, QuerySet, SmallIntegerField

LENGTHS: Final = tuple(timedelta(hours=hours) for hours in (4, 26, 8 * 24, 32 * 24, 367 * 24))
_ROUNDING: Final = timedelta(minutes=1)


class LengthClass(Func):
    """Into which of `LENGTHS` a validity fits, from 0 on; one more where it is longer than all."""

    output_field = SmallIntegerField()

    def __init__(self, start: Any, end: Any, **extra: Any) -> None:
        super().__init__(start, end, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Take the lengths from SQLite's texts."""
        start, end = (compiler.compile(each)[0] for each in self.source_expressions)
        length = f"(julianday({end}) - julianday({start})) * 24"
        return _case(length, lambda hours: f"{hours}"), ()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Take the lengths as PostgreSQL's intervals."""
        start, end = (compiler.compile(each)[0] for each in self.source_expressions)
        return _case(f"({end} - {start})", lambda hours: f"interval '{hours} hours'"), ()


def _case(length: str, say: Any) -> str:
    whens = " ".join(
        f"WHEN {length} <= {say(most // timedelta(hours=1))} THEN {number}"
        for number, most in enumerate(LENGTHS)
    )
    return f"CASE {whens} ELSE {len(LENGTHS)} END"


def valid_during(rows: QuerySet[Any], first: datetime, last: datetime) -> QuerySet[Any]:
    """Return those of the permits that are valid at some moment from the first to the last.

    What narrowed them down before is asked along with the times, so that those decide how SQLite,
    which knows no numbers of rows, goes about it.
    """
    told_apart = rows.alias(length=LengthClass(F("start_time"), F("end_time")))
    meant = told_apart.filter(start_time__lte=last, end_time__gt=first).order_by().values("pk")
    parts = [
        meant.filter(length=number, start_time__gt=first - most - _ROUNDING)
        for number, most in enumerate(LENGTHS)
    ]
    parts.append(meant.filter(length=len(LENGTHS)))
    among = parts[0].union(*parts[1:], all=True)
    found: QuerySet[Any] = rows.model._default_manager.filter(pk__in=among)
    return found
