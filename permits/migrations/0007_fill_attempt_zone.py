"""Fill in the zone of the calls made so far: their permit's, which a push has fixed."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    permits = apps.get_model("permits", "Permit").objects.filter(pk=OuterRef("permit"))
    calls = apps.get_model("permits", "SyncAttempt").objects.exclude(permit=None)
    calls.update(zone=Subquery(permits.values("zone")[:1]))


class Migration(migrations.Migration):
    dependencies = [("permits", "0006_attempt_zone")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
