"""Answer slow calls, and a person's calls in a zone, from an index alone.

A step of its own: whoever holds two tables' locks meets those who read them the other way round.
"""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("permits", "0016_looked_up_in_indexes")]

    operations = [
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
