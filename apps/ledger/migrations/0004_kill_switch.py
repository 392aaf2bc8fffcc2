"""`ledger_append` asks whether the kill switch is on, after every chain is locked: what is left
until the commit is the commit. Asking within the statement costs no round trip and cannot be
forgotten.
"""

from importlib import import_module

import django.db.models.functions.datetime
from django.db import migrations, models

BEFORE = import_module("apps.ledger.migrations.0003_append_from_one_text").APPENDING

APPENDING = """
CREATE FUNCTION ledger_append(events text, stays_open boolean)
    RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    lines text[] := string_to_array(events, E'\\n');
    event jsonb;
    here uuid;
    chain ledger_chain;
    link bytea;
    numbers bigint[];
    touched uuid[] := ARRAY['00000000-0000-0000-0000-000000000000'::uuid];
BEGIN
    FOR place IN 1 .. cardinality(lines) BY 2 LOOP
        event := (lines[place] || 0 || lines[place + 1])::jsonb;
        IF here IS DISTINCT FROM (event->>'workspace')::uuid THEN
            UPDATE ledger_chain SET seq = chain.seq, head = chain.head WHERE workspace_id = here;
            here := event->>'workspace';
            touched := touched || here;
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
    IF NOT stays_open AND EXISTS (
        SELECT FROM ledger_killswitch AS switch WHERE switch.workspace_id = ANY (touched)
    ) THEN
        RAISE EXCEPTION 'the kill switch is on' USING ERRCODE = 'LK001';
    END IF;
    RETURN numbers;
END $$;
"""

# A process of the version before asks in this way until it is started anew.
FORMERLY = """
CREATE OR REPLACE FUNCTION ledger_append(events text)
    RETURNS bigint[] LANGUAGE sql AS 'SELECT ledger_append(events, false)';
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_append_from_one_text")]

    operations = [
        migrations.CreateModel(
            name="KillSwitch",
            fields=[
                ("workspace_id", models.UUIDField(primary_key=True, serialize=False)),
                ("reason", models.CharField(max_length=500)),
                ("pulled_by", models.UUIDField()),
                (
                    "pulled_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
            ],
            options={"verbose_name_plural": "kill switches"},
        ),
        migrations.RunSQL(APPENDING, "DROP FUNCTION ledger_append(text, boolean)"),
        migrations.RunSQL(
            FORMERLY, BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
        ),
    ]
