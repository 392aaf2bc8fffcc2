"""A review that is owed is told of once when it is overdue."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_sessions_of_tickets'),
        ('approvals', '0002_votes_stay'),
    ]

    operations = [
        migrations.AddField(
            model_name='afterreview',
            name='told_overdue',
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name='afterreview',
            index=models.Index(condition=models.Q(('reviewed_at__isnull', True)), fields=['due_at'], name='approval_reviews_owed'),
        ),
    ]
