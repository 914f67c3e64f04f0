"""Keep the last check of the way to each controller, for its page."""

import django.utils.timezone
import permits.models.attempt
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('permits', '0023_saved_views'),
    ]

    operations = [
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('controller', models.CharField(default=permits.models.attempt.called_controller, max_length=300, unique=True)),
                ('checked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('actor', models.CharField(blank=True, max_length=150)),
                ('steps', models.JSONField()),
            ],
            options={
                'default_permissions': (),
            },
        ),
    ]
