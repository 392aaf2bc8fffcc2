from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mirror", "0003_lost_and_heard")]

    operations = [
        migrations.AddField(
            model_name="mirror",
            name="accepts",
            field=ArrayField(models.TextField(), null=True),
        ),
    ]
