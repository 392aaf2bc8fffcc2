from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("specs", "0005_proposal_in_words")]

    operations = [
        migrations.AddField(
            model_name="suspect",
            name="latest",
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.RunSQL(
            "UPDATE specs_suspect SET latest = revision", migrations.RunSQL.noop
        ),
        migrations.AlterField(
            model_name="suspect",
            name="latest",
            field=models.PositiveBigIntegerField(),
        ),
    ]
