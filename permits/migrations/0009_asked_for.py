"""Know an imported row again, whatever became of its permit.

What an older one asked for is in the first record of its history, unless that is in an archive by
now; such a row stays without, and is known by its permit's values as they are.
"""

import hashlib
from datetime import UTC, datetime
from typing import Final

from django.apps.registry import Apps
from django.db import connections, migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_AT_ONCE: Final = 5_000
_FILL: Final = "UPDATE permits_importedpermit SET asked_for = %s WHERE permit_id = %s"


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Fill in what the rows asked for, part by part, so that a million take no memory."""
    database = schema_editor.connection.alias
    imported = apps.get_model("permits", "ImportedPermit").objects.using(database)
    history = apps.get_model("permits", "HistoricalPermit").objects.using(database)
    last = 0
    while part := list(
        imported.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_AT_ONCE]
    ):
        first, last = part[0], part[-1]
        entered = history.filter(id__range=(first, last), history_type="+").values_list(
            "id", "plate", "start_time", "end_time", "zone_id"
        )
        known = set(part)
        digests = [(_digest(*row), pk) for pk, *row in entered if pk in known]
        with connections[database].cursor() as cursor:
            cursor.executemany(_FILL, digests)


def _digest(plate: str, start: datetime, end: datetime, zone: int | None) -> bytes:
    """Return the digest that `permits.importing.duplicates` makes."""
    key = plate.replace(" ", "").replace("-", "")
    text = f"{key}\t{_stamp(start)}\t{_stamp(end)}\t{zone}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


class Migration(migrations.Migration):
    dependencies = [("permits", "0008_outcomes_of_a_zone_or_person")]

    operations = [
        migrations.AddField(
            model_name="importedpermit",
            name="asked_for",
            field=models.BinaryField(max_length=16, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="importedpermit",
            index=models.Index(fields=["asked_for"], name="imported_as"),
        ),
    ]
