"""PostgreSQL itself refuses to rewrite history, also when a superuser replays as a replica."""

from django.db import migrations

REFUSAL = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'What happened stays written. Record a new event that corrects it.';
END $$;
"""
FORBIDDEN = {
    "ledger_event": "UPDATE OR DELETE OR TRUNCATE",
    "ledger_chain": "DELETE OR TRUNCATE",
    "ledger_epoch": "DELETE OR TRUNCATE",
}


def guard(table: str, verbs: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {table}_append_only BEFORE {verbs} ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
        """,
        f"DROP TRIGGER {table}_append_only ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSAL, "DROP FUNCTION ledger_refuse()"),
        *[guard(table, verbs) for table, verbs in FORBIDDEN.items()],
        migrations.RunSQL(
            """
            INSERT INTO ledger_epoch (id, reason, checkpoint_number, checkpoint_digest)
            VALUES (gen_random_uuid(), 'founded', 0, decode(repeat('00', 32), 'hex'))
            """,
            migrations.RunSQL.noop,
        ),
    ]
