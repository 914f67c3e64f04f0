"""Leave it to the messages to remember what was told."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('permits', '0019_counts'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='drift',
            name='alerted_at',
        ),
    ]
