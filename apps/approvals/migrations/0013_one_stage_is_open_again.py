from django.db import migrations

# When the field's own index went, Django took this one along, which is on the same column alone.
AGAIN = """
CREATE UNIQUE INDEX IF NOT EXISTS approval_one_stage_is_open
ON approvals_stage (request_id) WHERE state = 'open'
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0012_outdated")]

    operations = [migrations.RunSQL(AGAIN, migrations.RunSQL.noop)]
