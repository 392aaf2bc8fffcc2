from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("specs", "0009_advice")]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="submitted_at",
            field=models.DateTimeField(db_default=Now(), editable=False),
        ),
        migrations.RunSQL(
            "UPDATE specs_proposal SET submitted_at = created_at", migrations.RunSQL.noop
        ),
    ]
