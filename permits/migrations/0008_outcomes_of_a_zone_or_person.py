"""Find the rare outcomes of one zone or person, of millions of calls, without reading all theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("permits", "0007_entered_by")]

    operations = [
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(
                fields=["outcome", "zone", "started_at", "id"], name="attempt_by_outcome_zone"
            ),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(
                fields=["outcome", "actor", "started_at", "id"], name="attempt_by_outcome_actor"
            ),
        ),
    ]
