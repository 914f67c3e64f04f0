"""Which permits are valid at a moment, found without reading those of all other days.

An index over starts or over ends alone leaves half of all permits to be read for a moment in the
middle of them. So permits are told apart by how long they are valid: of those of four hours at most
that are valid at noon, none has started before eight.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import CharField, F, Func, QuerySet, SmallIntegerField, Subquery

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


class EndThere(Func):
    """The end of a permit that the controller has, as text on its clock; null where not known."""

    output_field = CharField()

    def __init__(self, acknowledged: Any, **extra: Any) -> None:
        super().__init__(acknowledged, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Take it from the text of what was acknowledged."""
        return self.as_sql(
            compiler, connection, template="json_extract(%(expressions)s, '$.end_time')", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Take it from the same, which PostgreSQL has read already."""
        return self.as_sql(
            compiler, connection, template="(%(expressions)s ->> 'end_time')", **context
        )


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
    found: QuerySet[Any] = rows.model._default_manager.filter(pk__in=_LengthByLength(meant, first))
    return found


class _LengthByLength(Subquery):
    """What a query finds that is valid from a moment on, of each length by itself.

    The query is composed once and not for each length, which took longer than running it.
    """

    def __init__(self, meant: QuerySet[Any], first: datetime) -> None:
        super().__init__(meant)
        self.first = first

    def as_sql(self, compiler: Any, connection: Any, template: Any = None, **_: Any) -> Any:
        """Return the query with each length in turn."""
        inside = self.query.get_compiler(connection=connection)
        sql, params = inside.as_sql()  # which ends with its conditions, that others may follow
        length = self.query.annotations["length"]
        of_length, start = (
            inside.compile(each)[0] for each in (length, length.get_source_expressions()[0])
        )
        parts, all_params = [], []
        for number, most in enumerate(LENGTHS):
            parts.append(" AND ".join([sql, f"{of_length} = {number}", f"{start} > %s"]))
            earliest = self.first - most - _ROUNDING
            all_params += [*params, connection.ops.adapt_datetimefield_value(earliest)]
        parts.append(" AND ".join([sql, f"{of_length} = {len(LENGTHS)}"]))
        return f"({' UNION ALL '.join(parts)})", [*all_params, *params]
