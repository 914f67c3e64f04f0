"""Index what the list of permits is ordered and narrowed down by, with the key of its pages."""

from django.db import migrations, models

import permits.models.validity


class Migration(migrations.Migration):

    dependencies = [
        ('permits', '0020_drift_told'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='permit',
            name='permit_ticket',
        ),
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(permits.models.validity.LengthClass(models.F('start_time'), models.F('end_time')), models.F('start_time'), name='permit_valid_at'),
        ),
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(fields=['state', 'id'], name='permit_in_state'),
        ),
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(fields=['start_time', 'id'], name='permit_by_start'),
        ),
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(fields=['entered_at', 'id'], name='permit_by_entry'),
        ),
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(fields=['amount', 'id'], name='permit_by_amount'),
        ),
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(fields=['ticket_number', 'id'], name='permit_ticket'),
        ),
    ]
