"""Answer what was valid at a moment from the index alone, whatever the zone."""

from django.db import migrations, models
from django.db.models import F

from permits.models.validity import LengthClass


class Migration(migrations.Migration):
    dependencies = [("permits", "0011_edits_by_person")]

    operations = [
        migrations.RemoveIndex(model_name="permit", name="permit_valid_at"),
        migrations.AddIndex(
            model_name="permit",
            index=models.Index(
                LengthClass(F("start_time"), F("end_time")),
                *map(F, ("start_time", "end_time", "zone", "withdrawn_at")),
                name="permit_valid_then",
            ),
        ),
    ]
