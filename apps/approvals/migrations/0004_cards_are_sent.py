"""Cards are sent by one task at a time, and digests by the day."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0003_reviews_fall_due'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='attention',
            name='digest_due_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='attention',
            name='digest_sent_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='attention',
            name='sending_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='card',
            name='sending_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='card',
            name='times_shown',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddIndex(
            model_name='attention',
            index=models.Index(condition=models.Q(('digest_due_at__isnull', False)), fields=['digest_due_at'], name='approval_digests_due'),
        ),
    ]
