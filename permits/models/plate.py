"""The plates that permits were ever entered for, each once, so that a part of one is found at once.

The database keeps them itself, by triggers on the permits, whoever writes those: an import by the
thousand as much as a tool from outside. A permit whose plate stays as it is costs nothing.
"""

from typing import Final

from django.db import connection, models
from django.db.models import Func
from django.db.models.expressions import RawSQL

from permits import limits

_GRAM: Final = 3  # characters of the pieces that plates are indexed by
_LAST: Final = "\U0010ffff"

_ON_SQLITE: Final = "SELECT rowid FROM permits_plate_part WHERE permits_plate_part MATCH %s"
_TERMS_ON_SQLITE: Final = "SELECT term FROM permits_plate_term WHERE term >= %s AND term < %s"
_ON_POSTGRESQL: Final = "permits_plate_parts(key) @> %s::text[]"


class PlateKey(Func):
    """The form of a plate in which plates are compared.

    It is written out, as SQLite finds an index's terms in a query by their letters alone.
    """

    template = "UPPER(REPLACE(REPLACE(%(expressions)s, ' ', ''), '-', ''))"
    output_field = models.CharField()


class PlateQuerySet(models.QuerySet["Plate"]):
    """Questions asked of plates; a part is in the form of `limits.plate_key`."""

    def starting_with(self, part: str) -> "PlateQuerySet":
        """Plates that begin with this part."""
        if connection.vendor == "sqlite":  # whose LIKE reads every row
            return self.filter(key__gte=part, key__lt=part + _LAST)
        return self.filter(key__startswith=part)

    def holding(self, part: str) -> "PlateQuerySet":
        """Plates that hold this part anywhere; of two characters or more, by an index."""
        found = self.filter(key__contains=part)
        if len(part) < 2:
            return found
        grams = [part] if len(part) < _GRAM else _grams(part)
        if connection.vendor == "sqlite":
            return found.filter(pk__in=RawSQL(_ON_SQLITE, [_match_on_sqlite(grams)]))  # noqa: S611 - parametrized
        return found.filter(RawSQL(_ON_POSTGRESQL, [grams], models.BooleanField()))  # noqa: S611


def _grams(part: str) -> list[str]:
    return [part[at : at + _GRAM] for at in range(len(part) - _GRAM + 1)]


def _match_on_sqlite(grams: list[str]) -> str:
    """Return what to ask the full-text index for: all of these, or any piece that begins so."""
    if len(grams[0]) == _GRAM:
        return " AND ".join(map(_quoted, grams))
    with connection.cursor() as cursor:
        cursor.execute(_TERMS_ON_SQLITE, [grams[0], grams[0] + _LAST])
        terms = [term for (term,) in cursor.fetchall()]
    return " OR ".join(map(_quoted, terms or grams))


def _quoted(gram: str) -> str:
    doubled = gram.replace('"', '""')
    return f'"{doubled}"'


class Plate(models.Model):
    """One plate, whatever its spacing and dashes; written by the database alone."""

    key = models.CharField(max_length=limits.PLATE_LENGTH, unique=True)

    objects = PlateQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.key
