"""Versions, links and revisions stay as they were written, but that one day they hold no more; and
a proposal moves only as rules.LEGAL says.
"""

from django.db import migrations

HELD = ("version", "link")


def _held(table: str) -> str:
    return f"""
        CREATE TRIGGER specs_{table}_stays BEFORE UPDATE ON specs_{table} FOR EACH ROW
            WHEN (OLD.until IS NOT NULL OR NEW.until IS NULL
                  OR to_jsonb(OLD) - 'until' IS DISTINCT FROM to_jsonb(NEW) - 'until')
            EXECUTE FUNCTION ledger_refuse();
        """


class Migration(migrations.Migration):
    dependencies = [("specs", "0001_initial"), ("ledger", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            [
                *(_held(table) for table in HELD),
                """
                CREATE TRIGGER specs_revision_stays BEFORE UPDATE ON specs_revision
                    FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
                CREATE FUNCTION specs_move() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    IF (OLD.state, NEW.state) NOT IN (
                    ('applied', 'reverted'), ('changes_requested', 'superseded'),
                    ('conflicted', 'superseded'), ('draft', 'conflicted'),
                    ('draft', 'in_review'), ('draft', 'invalid'),
                    ('draft', 'policy_denied'), ('draft', 'queued'),
                    ('draft', 'withdrawn'), ('in_review', 'changes_requested'),
                    ('in_review', 'conflicted'), ('in_review', 'expired'),
                    ('in_review', 'policy_denied'), ('in_review', 'queued'),
                    ('in_review', 'rejected'), ('in_review', 'stale'),
                    ('in_review', 'superseded'), ('in_review', 'withdrawn'),
                    ('queued', 'applied'), ('queued', 'apply_failed'),
                    ('queued', 'withdrawn'), ('stale', 'changes_requested'),
                    ('stale', 'conflicted'), ('stale', 'expired'),
                    ('stale', 'policy_denied'), ('stale', 'queued'), ('stale', 'rejected'),
                    ('stale', 'stale'), ('stale', 'superseded'), ('stale', 'withdrawn')
                    ) THEN
                        RAISE EXCEPTION 'A proposal does not move from % to %.', OLD.state, NEW.state
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                END $$;
                CREATE TRIGGER specs_proposal_moves BEFORE UPDATE OF state ON specs_proposal
                    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
                    EXECUTE FUNCTION specs_move();
                """,
            ],
            [
                *(f"DROP TRIGGER specs_{table}_stays ON specs_{table};" for table in HELD),
                """
                DROP TRIGGER specs_revision_stays ON specs_revision;
                DROP TRIGGER specs_proposal_moves ON specs_proposal;
                DROP FUNCTION specs_move();
                """,
            ],
        )
    ]
