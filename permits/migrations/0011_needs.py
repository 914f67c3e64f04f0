"""Let the home page count what needs a person without reading what does not."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('permits', '0010_zone_names_stay'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(condition=models.Q(('withdrawn_at', None), models.Q(('reference_id', ''), ('state', 'missing'), _connector='OR')), fields=['end_time', 'start_time'], name='permit_not_there'),
        ),
        migrations.AddIndex(
            model_name='permit',
            index=models.Index(condition=models.Q(models.Q(('reference_id', ''), _negated=True), models.Q(('state', 'synced'), _negated=True), models.Q(('state', 'deleted'), _negated=True), models.Q(('state', 'missing'), _negated=True)), fields=['end_time', 'withdrawn_at'], name='permit_over_but_there'),
        ),
    ]
