from django.db import migrations

# When the field's own index went, Django took this one along, which is on the same column alone.
AGAIN = """
CREATE UNIQUE INDEX IF NOT EXISTS specs_one_version_holds
ON specs_version (node_id) WHERE until IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("specs", "0012_indexes_once")]

    operations = [migrations.RunSQL(AGAIN, migrations.RunSQL.noop)]
