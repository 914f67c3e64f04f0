"""Find what one person edited, of millions of edits, without reading them all."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("permits", "0010_tickets_in_any_case")]

    operations = [
        migrations.AddIndex(
            model_name="historicalpermit",
            index=models.Index(
                fields=["actor", "history_type", "history_date", "id"], name="edit_by_actor"
            ),
        ),
    ]
