"""Names of records and fields that can be translated; nothing in the database changes."""

import django.db.models.deletion
import permits.limits
import permits.models.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('permits', '0002_unknown_outcomes'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='batch',
            options={'default_permissions': ('view',), 'ordering': ['-pk'], 'verbose_name': 'bulk run', 'verbose_name_plural': 'bulk runs'},
        ),
        migrations.AlterModelOptions(
            name='importrun',
            options={'default_permissions': ('view',), 'ordering': ['-pk'], 'verbose_name': 'import', 'verbose_name_plural': 'imports'},
        ),
        migrations.AlterModelOptions(
            name='permit',
            options={'default_permissions': ('view', 'add', 'change'), 'ordering': ['-pk'], 'permissions': [('send_permit', 'Can push, update and delete permits on the controller'), ('resolve_permit', 'Can decide what became of a call whose outcome is unknown')], 'verbose_name': 'permit', 'verbose_name_plural': 'permits'},
        ),
        migrations.AlterModelOptions(
            name='seal',
            options={'default_permissions': ('view',), 'ordering': ['-pk'], 'verbose_name': 'seal', 'verbose_name_plural': 'seals'},
        ),
        migrations.AlterModelOptions(
            name='zone',
            options={'default_permissions': ('view', 'add', 'change', 'delete'), 'ordering': ['name'], 'verbose_name': 'zone', 'verbose_name_plural': 'zones'},
        ),
        migrations.AlterField(
            model_name='historicalpermit',
            name='amount',
            field=permits.models.fields.AmountField(blank=True, decimal_places=2, max_digits=8, null=True, verbose_name='amount'),
        ),
        migrations.AlterField(
            model_name='historicalpermit',
            name='currency',
            field=permits.models.fields.LimitedCharField(blank=True, choices=[('CAD', 'CAD'), ('USD', 'USD')], limit=permits.limits.currency, max_length=10, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='historicalpermit',
            name='plate',
            field=permits.models.fields.LimitedCharField(limit=permits.limits.plate, max_length=25, verbose_name='plate'),
        ),
        migrations.AlterField(
            model_name='historicalpermit',
            name='ticket_number',
            field=permits.models.fields.LimitedCharField(blank=True, limit=permits.limits.ticket_number, max_length=50, verbose_name='ticket number'),
        ),
        migrations.AlterField(
            model_name='historicalpermit',
            name='zone',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='permits.zone', verbose_name='zone'),
        ),
        migrations.AlterField(
            model_name='historicalzone',
            name='name',
            field=permits.models.fields.LimitedCharField(db_index=True, limit=permits.limits.zone_name, max_length=200, verbose_name='name'),
        ),
        migrations.AlterField(
            model_name='permit',
            name='amount',
            field=permits.models.fields.AmountField(blank=True, decimal_places=2, max_digits=8, null=True, verbose_name='amount'),
        ),
        migrations.AlterField(
            model_name='permit',
            name='currency',
            field=permits.models.fields.LimitedCharField(blank=True, choices=[('CAD', 'CAD'), ('USD', 'USD')], limit=permits.limits.currency, max_length=10, verbose_name='currency'),
        ),
        migrations.AlterField(
            model_name='permit',
            name='plate',
            field=permits.models.fields.LimitedCharField(limit=permits.limits.plate, max_length=25, verbose_name='plate'),
        ),
        migrations.AlterField(
            model_name='permit',
            name='ticket_number',
            field=permits.models.fields.LimitedCharField(blank=True, limit=permits.limits.ticket_number, max_length=50, verbose_name='ticket number'),
        ),
        migrations.AlterField(
            model_name='permit',
            name='zone',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='permits', to='permits.zone', verbose_name='zone'),
        ),
        migrations.AlterField(
            model_name='syncattempt',
            name='operation',
            field=models.CharField(choices=[('push', 'Push'), ('update', 'Update'), ('delete', 'Delete'), ('stats', 'Stats')], max_length=6, verbose_name='operation'),
        ),
        migrations.AlterField(
            model_name='zone',
            name='name',
            field=permits.models.fields.LimitedCharField(limit=permits.limits.zone_name, max_length=200, unique=True, verbose_name='name'),
        ),
    ]
