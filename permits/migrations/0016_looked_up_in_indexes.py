"""Answer from an index what the home page counts, slow calls, and a person's calls in a zone."""

from django.db import migrations, models
from django.db.models import F, Q

from permits.models.validity import EndThere

_THERE_AND_CALLED_FOR = (
    ~Q(reference_id="") & ~Q(state="synced") & ~Q(state="deleted") & ~Q(state="missing")
)


class Migration(migrations.Migration):
    dependencies = [("permits", "0015_verified")]

    operations = [
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
        migrations.RemoveIndex(model_name="permit", name="permit_over_but_there"),
        migrations.RemoveIndex(model_name="syncattempt", name="attempt_by_outcome_zone"),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(
                fields=["outcome", "zone", "started_at", "id", "actor"],
                name="attempt_by_outcome_zone",
            ),
        ),
        migrations.RemoveIndex(model_name="syncattempt", name="attempt_slow"),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(
                fields=["started_at", "id", "duration_ms"],
                condition=Q(duration_ms__gte=1000),
                name="attempt_slow",
            ),
        ),
    ]
