"""Tally by quarter hours, of which the hours and days of every clock are made.

What was tallied by the hour stays, as a part of the hour's first quarter.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("permits", "0003_words")]

    operations = [
        migrations.RemoveConstraint(model_name="calltally", name="call_tally_once"),
        migrations.RemoveConstraint(model_name="responsetally", name="response_tally_once"),
        migrations.RenameField(model_name="calltally", old_name="hour", new_name="quarter"),
        migrations.RenameField(model_name="responsetally", old_name="hour", new_name="quarter"),
        migrations.AddConstraint(
            model_name="calltally",
            constraint=models.UniqueConstraint(
                fields=("quarter", "operation", "outcome", "error_code"), name="call_tally_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="responsetally",
            constraint=models.UniqueConstraint(
                fields=("quarter", "bucket"), name="response_tally_once"
            ),
        ),
    ]
