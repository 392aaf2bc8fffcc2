from django.db import migrations, models

# Sockets know their session by its fingerprint alone, and ask for it every few seconds.
INDEX = """
CREATE INDEX session_fingerprint ON django_session (sha256(decode(session_key::text, 'escape')))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_invitation_mails"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="socketticket",
            name="session_hash",
            field=models.BinaryField(null=True),
        ),
        migrations.RunSQL(INDEX, "DROP INDEX session_fingerprint"),
    ]
