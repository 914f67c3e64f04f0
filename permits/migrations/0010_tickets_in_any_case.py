"""Find a ticket number in whatever case it is typed, of a million permits."""

from django.db import migrations, models
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    dependencies = [("permits", "0009_asked_for")]

    operations = [
        migrations.AddIndex(
            model_name="permit",
            index=models.Index(Upper("ticket_number"), name="permit_ticket_any_case"),
        ),
    ]
