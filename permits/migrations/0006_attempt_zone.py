"""Let a call say which zone it was about, and which controller it went to."""

from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    dependencies = [("permits", "0005_lockout")]

    operations = [
        migrations.AddField(
            model_name="syncattempt",
            name="controller",
            # Where the calls made so far went is not known.
            field=models.CharField(blank=True, default="", max_length=300),
        ),
        migrations.AddField(
            model_name="syncattempt",
            name="zone",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=deletion.PROTECT,
                related_name="+",
                to="permits.zone",
            ),
        ),
    ]
