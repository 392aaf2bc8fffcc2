"""PostgreSQL itself appends, and refuses to rewrite history even to whoever poses as a replica."""

from django.db import migrations

REFUSAL = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation',
              HINT = 'What happened stays written. Record a new event that corrects it.';
END $$;
"""
# Lock each chain in the order given, number and link the events, and take the columns of each row
# from the very text that was hashed: they cannot differ.
APPENDING = """
CREATE FUNCTION ledger_append(workspaces uuid[], befores text[], afters text[])
    RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    here uuid;
    chain ledger_chain;
    written text;
    link bytea;
    event jsonb;
    numbers bigint[];
BEGIN
    FOR place IN 1 .. cardinality(workspaces) LOOP
        IF here IS DISTINCT FROM workspaces[place] THEN
            UPDATE ledger_chain SET seq = chain.seq, head = chain.head
                WHERE workspace_id = here;
            here := workspaces[place];
            SELECT * INTO chain FROM ledger_chain WHERE workspace_id = here FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO ledger_chain (workspace_id, seq, head)
                    VALUES (here, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
                SELECT * INTO chain FROM ledger_chain WHERE workspace_id = here FOR UPDATE;
            END IF;
        END IF;
        chain.seq := chain.seq + 1;
        written := befores[place] || chain.seq || afters[place];
        event := written::jsonb;
        link := sha256(chain.head || convert_to(written, 'UTF8'));
        INSERT INTO ledger_event (
            id, workspace_id, seq, type, actor_id, actor_kind, payload, request_id, trace_id,
            via, at, previous_hash, hash
        ) VALUES (
            (event->>'id')::uuid, here, chain.seq, event->>'type', (event->>'actor')::uuid,
            event->>'actor_kind', event->'payload', event->>'request', event->>'trace',
            event->>'via', (event->>'at')::timestamptz, chain.head, link
        );
        chain.head := link;
        numbers := numbers || chain.seq;
    END LOOP;
    UPDATE ledger_chain SET seq = chain.seq, head = chain.head WHERE workspace_id = here;
    RETURN numbers;
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
        migrations.RunSQL(APPENDING, "DROP FUNCTION ledger_append(uuid[], text[], text[])"),
        *[guard(table, verbs) for table, verbs in FORBIDDEN.items()],
        migrations.RunSQL(
            """
            INSERT INTO ledger_epoch (id, reason, checkpoint_number, checkpoint_digest)
            VALUES (gen_random_uuid(), 'founded', 0, decode(repeat('00', 32), 'hex'))
            """,
            migrations.RunSQL.noop,
        ),
    ]
