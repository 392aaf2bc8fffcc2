"""A version of a policy that was released is neither changed nor deleted."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("policies", "0001_initial"), ("ledger", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER policies_version_stays BEFORE UPDATE OR DELETE
                ON policies_policyversion FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
            CREATE TRIGGER policies_versions_stay BEFORE TRUNCATE
                ON policies_policyversion FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
            """,
            """
            DROP TRIGGER policies_version_stays ON policies_policyversion;
            DROP TRIGGER policies_versions_stay ON policies_policyversion;
            """,
        )
    ]
