"""Keep the counts of the controller, what we believed then, and the drift between them."""

import django.db.models.deletion
import permits.models.attempt
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('permits', '0018_validation'),
    ]

    operations = [
        migrations.AddField(
            model_name='link',
            name='next_count_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name='Drift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zone', models.CharField(blank=True, max_length=200)),
                ('since', models.DateTimeField()),
                ('in_step_at', models.DateTimeField(blank=True, null=True)),
                ('seen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('gap', models.BigIntegerField()),
                ('alerted_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-since'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('zone',), name='drift_open_once'), models.CheckConstraint(condition=models.Q(('gap', 0), _negated=True), name='drift_has_a_gap')],
            },
        ),
        migrations.CreateModel(
            name='Pull',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('controller', models.CharField(default=permits.models.attempt.called_controller, max_length=300)),
                ('began_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField()),
                ('grain', models.CharField(choices=[('each', 'Neither'), ('hour', 'The first of its hour'), ('day', 'The first of its day')], max_length=4)),
                ('judged_at', models.DateTimeField(blank=True, null=True)),
                ('attempt', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pull', to='permits.syncattempt')),
            ],
            options={
                'ordering': ['-began_at'],
                'permissions': [('pull_counts', "Can fetch the controller's counts")],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ZoneBelief',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zone', models.CharField(blank=True, max_length=200)),
                ('held', models.PositiveIntegerField(default=0)),
                ('held_valid', models.PositiveIntegerField(default=0)),
                ('certain', models.PositiveIntegerField(default=0)),
                ('certain_valid', models.PositiveIntegerField(default=0)),
                ('unsure', models.PositiveIntegerField(default=0)),
                ('unsure_valid', models.PositiveIntegerField(default=0)),
                ('doubts', models.JSONField(blank=True, default=list)),
                ('doubts_valid', models.JSONField(blank=True, default=list)),
                ('strayed', models.BigIntegerField(blank=True, null=True)),
                ('strayed_valid', models.BigIntegerField(blank=True, null=True)),
                ('pull', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='beliefs', to='permits.pull')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='ZoneCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zone', models.CharField(blank=True, max_length=200)),
                ('type', models.CharField(blank=True, max_length=100)),
                ('total', models.BigIntegerField()),
                ('pull', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='counts', to='permits.pull')),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='pull',
            index=models.Index(fields=['began_at'], name='pull_began'),
        ),
        migrations.AddIndex(
            model_name='pull',
            index=models.Index(fields=['ended_at'], name='pull_ended'),
        ),
        migrations.AddIndex(
            model_name='pull',
            index=models.Index(fields=['grain', 'began_at'], name='pull_grain'),
        ),
        migrations.AddConstraint(
            model_name='pull',
            constraint=models.CheckConstraint(condition=models.Q(('ended_at__gte', models.F('began_at'))), name='pull_ends_after_it_began'),
        ),
        migrations.AddConstraint(
            model_name='pull',
            constraint=models.CheckConstraint(condition=models.Q(('grain__in', ('each', 'hour', 'day'))), name='pull_grain_known'),
        ),
        migrations.AddConstraint(
            model_name='zonebelief',
            constraint=models.UniqueConstraint(fields=('pull', 'zone'), name='belief_once'),
        ),
        migrations.AddConstraint(
            model_name='zonecount',
            constraint=models.UniqueConstraint(fields=('pull', 'zone', 'type'), name='count_once'),
        ),
        migrations.AddConstraint(
            model_name='zonecount',
            constraint=models.CheckConstraint(condition=models.Q(('total__gte', 0)), name='count_not_negative'),
        ),
    ]
