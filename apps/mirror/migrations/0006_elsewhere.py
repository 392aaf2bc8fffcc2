from django.db import migrations, models


COPIES_STAND_ELSEWHERE = (
    "UPDATE mirror_mirroredfile SET state = 'elsewhere'"
    " WHERE state = 'unreadable' AND said LIKE '% stands already in %'"
)


class Migration(migrations.Migration):

    dependencies = [
        ('mirror', '0005_indexes_once'),
    ]

    operations = [
        migrations.AlterField(
            model_name='mirroredfile',
            name='state',
            field=models.CharField(choices=[('agreed', 'Agreed'), ('waits', 'Waits'), ('conflicts', 'Conflicts'), ('refused', 'Refused'), ('unreadable', 'Unreadable'), ('elsewhere', 'Elsewhere')], default='agreed', max_length=12),
        ),
        migrations.RunSQL(COPIES_STAND_ELSEWHERE, migrations.RunSQL.noop),
    ]
