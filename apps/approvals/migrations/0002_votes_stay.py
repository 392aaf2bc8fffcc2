"""A vote is neither changed nor deleted, and a request moves only as rules.LEGAL says."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial"), ("ledger", "0002_append_only")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TRIGGER approvals_vote_stays BEFORE UPDATE OR DELETE
                ON approvals_vote FOR EACH ROW EXECUTE FUNCTION ledger_refuse();
            CREATE TRIGGER approvals_votes_stay BEFORE TRUNCATE
                ON approvals_vote FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();
            CREATE FUNCTION approvals_move() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF (OLD.state, NEW.state) NOT IN (
                    ('pending', 'changes_requested'), ('pending', 'allowed'), ('pending', 'denied'),
                    ('pending', 'expired'), ('pending', 'cancelled'), ('pending', 'superseded'),
                    ('allowed', 'effective'), ('allowed', 'pending'), ('allowed', 'denied'),
                    ('allowed', 'cancelled'), ('effective', 'consumed'),
                    ('effective', 'invalidated'), ('effective', 'denied')
                ) THEN
                    RAISE EXCEPTION 'An approval does not move from % to %.', OLD.state, NEW.state
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER approvals_request_moves BEFORE UPDATE OF state
                ON approvals_approvalrequest FOR EACH ROW
                WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION approvals_move();
            """,
            """
            DROP TRIGGER approvals_request_moves ON approvals_approvalrequest;
            DROP FUNCTION approvals_move();
            DROP TRIGGER approvals_vote_stays ON approvals_vote;
            DROP TRIGGER approvals_votes_stay ON approvals_vote;
            """,
        )
    ]
