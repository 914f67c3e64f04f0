"""Find what one person entered, of a million permits, without reading them all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("permits", "0006_restored_backups")]

    operations = [
        migrations.AddIndex(
            model_name="permit",
            index=models.Index(fields=["entered_by", "id"], name="permit_by_clerk"),
        ),
    ]
