"""Let workers be seen, and let a call bear the ID of its log lines."""

import django.utils.timezone
from django.db import migrations, models

from permits import trace


class Migration(migrations.Migration):
    dependencies = [("permits", "0008_attempt_filters")]

    operations = [
        migrations.CreateModel(
            name="Worker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=150, unique=True)),
                ("connections", models.PositiveSmallIntegerField()),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("seen_at", models.DateTimeField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddField(
            model_name="syncattempt",
            name="trace",
            # The calls made so far bear none.
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AlterField(
            model_name="syncattempt",
            name="trace",
            field=models.CharField(blank=True, default=trace.current, max_length=16),
        ),
    ]
