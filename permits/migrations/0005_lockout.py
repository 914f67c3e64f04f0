"""Let chosen people lift a lock-out: the permission needs a model, and the tries are axes's."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('axes', '0010_accessattemptexpiration'),
        ('permits', '0004_activity'),
    ]

    operations = [
        migrations.CreateModel(
            name='FailedTry',
            fields=[
            ],
            options={
                'verbose_name': 'failed try to sign in',
                'verbose_name_plural': 'failed tries to sign in',
                'permissions': [('lift_lockout', 'Can let somebody in who was locked out')],
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('axes.accessattempt',),
        ),
        migrations.AlterField(
            model_name='activity',
            name='kind',
            field=models.CharField(choices=[('signed_in', 'Signed in'), ('failed', 'Sign-in failed'), ('locked_out', 'Locked out'), ('lockout_lifted', 'Lock-out lifted'), ('signed_out', 'Signed out'), ('signed_out_all', 'Signed out everywhere'), ('factor_added', 'Second factor added'), ('factor_removed', 'Second factor removed'), ('user_added', 'User added'), ('user_changed', 'User changed'), ('user_removed', 'User removed'), ('group_added', 'Group added'), ('group_changed', 'Group changed'), ('group_removed', 'Group removed'), ('exported', 'Exported')], max_length=16),
        ),
    ]
