"""Drop the indexes of foreign keys that others begin with, or that nothing asks for.

PostgreSQL, before it had counted a new table, read a whole run's items through them.

A constraint is taken off and put back around its field: on PostgreSQL Django drops every index
over that one column together with the field's own, and takes a partial unique one for such.
"""

from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    dependencies = [("permits", "0002_imports")]

    operations = [
        migrations.AlterField(
            model_name="batchitem",
            name="batch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=deletion.PROTECT,
                related_name="items",
                to="permits.batch",
            ),
        ),
        migrations.AlterField(
            model_name="permit",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=deletion.PROTECT,
                related_name="under_way",
                to="permits.batch",
            ),
        ),
        migrations.RemoveConstraint(model_name="syncattempt", name="attempt_open_once"),
        migrations.AlterField(
            model_name="syncattempt",
            name="permit",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=deletion.PROTECT,
                related_name="attempts",
                to="permits.permit",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncattempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("outcome", "sending")),
                fields=("permit",),
                name="attempt_open_once",
            ),
        ),
    ]
