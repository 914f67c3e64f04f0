"""Answer from an index what the home page counts."""

from django.db import migrations, models
from django.db.models import F, Q

from permits.models.validity import EndThere

_THERE_AND_CALLED_FOR = (
    ~Q(reference_id="") & ~Q(state="synced") & ~Q(state="deleted") & ~Q(state="missing")
)


class Migration(migrations.Migration):
    dependencies = [("permits", "0015_verified")]

    # The one that goes, first: its lock is the strongest, and must not be waited for with another.
    operations = [
        migrations.RemoveIndex(model_name="permit", name="permit_over_but_there"),
        migrations.AddIndex(
            model_name="permit",
            index=models.Index(
                EndThere("acknowledged"),
                F("end_time"),
                condition=_THERE_AND_CALLED_FOR,
                name="permit_ends_there",
            ),
        ),
        migrations.AddIndex(
            model_name="permit",
            index=models.Index(
                fields=["withdrawn_at"],
                condition=_THERE_AND_CALLED_FOR & Q(withdrawn_at__isnull=False),
                name="permit_withdrawn_there",
            ),
        ),
    ]
