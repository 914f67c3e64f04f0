"""Give each filter of the history an index in the history's order."""

from django.db import migrations, models

from permits.models.attempt import called_controller


class Migration(migrations.Migration):
    dependencies = [("permits", "0007_fill_attempt_zone")]

    operations = [
        migrations.AlterField(
            model_name="syncattempt",
            name="controller",
            field=models.CharField(blank=True, default=called_controller, max_length=300),
        ),
        migrations.AlterModelOptions(
            name="syncattempt",
            options={
                "default_permissions": ("view",),
                "ordering": ["-started_at", "-pk"],
                "verbose_name": "sync attempt",
                "verbose_name_plural": "sync history",
            },
        ),
        migrations.RemoveIndex(model_name="syncattempt", name="attempt_open"),
        migrations.RemoveIndex(model_name="syncattempt", name="attempt_started"),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["started_at", "id"], name="attempt_in_order"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["outcome", "started_at", "id"], name="attempt_by_outcome"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["operation", "started_at", "id"], name="attempt_by_operation"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["source", "started_at", "id"], name="attempt_by_source"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["actor", "started_at", "id"], name="attempt_by_actor"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["zone", "started_at", "id"], name="attempt_by_zone"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["controller", "started_at", "id"], name="attempt_by_controller"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(fields=["http_status", "started_at", "id"], name="attempt_by_status"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(condition=models.Q(error_code__isnull=False), fields=["error_code", "started_at", "id"], name="attempt_by_code"),
        ),
        migrations.AddIndex(
            model_name="syncattempt",
            index=models.Index(condition=models.Q(duration_ms__gte=1000), fields=["started_at", "id"], name="attempt_slow"),
        ),
    ]
