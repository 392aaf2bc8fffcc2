from django.db import migrations, models


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
        migrations.RunSQL(
            "UPDATE mirror_mirroredfile SET state = 'elsewhere'"
            " WHERE state = 'unreadable' AND said LIKE '% stands already in %'",
            migrations.RunSQL.noop,
        ),
    ]
