from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("specs", "0010_proposal_submitted")]

    operations = [
        migrations.AddField(
            model_name="passage",
            name="kept_at",
            field=models.DateTimeField(db_default=Now(), editable=False),
        ),
    ]
