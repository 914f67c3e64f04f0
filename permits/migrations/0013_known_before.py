"""Find calls by the plate, ticket number and reference ID that their permit had before."""

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import Upper

from permits.models.plate import PlateKey


class Migration(migrations.Migration):
    dependencies = [("permits", "0012_valid_then")]

    operations = [
        migrations.AddIndex(
            model_name="historicalpermit",
            index=models.Index(PlateKey("plate"), F("id"), name="edit_of_plate"),
        ),
        migrations.AddIndex(
            model_name="historicalpermit",
            index=models.Index(Upper("ticket_number"), F("id"), name="edit_of_ticket"),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["reference_id"], name="decision_of_reference"),
        ),
    ]
