"""Keep counts of calls by the hour, so that no page counts them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('permits', '0014_link_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='CallTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('operation', models.CharField(choices=[('push', 'Push'), ('update', 'Update'), ('delete', 'Delete'), ('stats', 'Stats')], max_length=6)),
                ('outcome', models.CharField(choices=[('sending', 'Under way'), ('succeeded', 'Done'), ('rejected', 'Refused'), ('not_sent', 'Not sent'), ('in_doubt', 'Unknown')], max_length=9)),
                ('error_code', models.IntegerField(default=0)),
                ('calls', models.PositiveIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('hour', 'operation', 'outcome', 'error_code'), name='call_tally_once')],
            },
        ),
        migrations.CreateModel(
            name='ResponseTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hour', models.DateTimeField()),
                ('bucket', models.PositiveSmallIntegerField()),
                ('calls', models.PositiveIntegerField(default=0)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('hour', 'bucket'), name='response_tally_once')],
            },
        ),
        migrations.CreateModel(
            name='Tallied',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('zones', models.JSONField(default=list)),
                ('zones_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='tallied_is_one')],
            },
        ),
    ]
