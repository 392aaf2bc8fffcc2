"""`ledger_append` takes one text: psycopg writes an array element by element in Python, which cost
more than all else that a unit does in the client.

Two lines an event: its canonical JSON before and after its number. Such JSON holds no line breaks.
"""

from django.db import migrations

APPENDING = """
CREATE FUNCTION ledger_append(events text)
    RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    lines text[] := string_to_array(events, E'\\n');
    event jsonb;
    here uuid;
    chain ledger_chain;
    link bytea;
    numbers bigint[];
BEGIN
    FOR place IN 1 .. cardinality(lines) BY 2 LOOP
        event := (lines[place] || 0 || lines[place + 1])::jsonb;
        IF here IS DISTINCT FROM (event->>'workspace')::uuid THEN
            UPDATE ledger_chain SET seq = chain.seq, head = chain.head WHERE workspace_id = here;
            here := event->>'workspace';
            SELECT * INTO chain FROM ledger_chain WHERE workspace_id = here FOR UPDATE;
            IF NOT FOUND THEN
                INSERT INTO ledger_chain (workspace_id, seq, head)
                    VALUES (here, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
                SELECT * INTO chain FROM ledger_chain WHERE workspace_id = here FOR UPDATE;
            END IF;
        END IF;
        chain.seq := chain.seq + 1;
        link := sha256(
            chain.head || convert_to(lines[place] || chain.seq || lines[place + 1], 'UTF8')
        );
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


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]

    operations = [migrations.RunSQL(APPENDING, "DROP FUNCTION ledger_append(text)")]
