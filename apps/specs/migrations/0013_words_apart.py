from django.db import migrations

WORDS = """
    CREATE FUNCTION specs_words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT to_tsvector('english'::regconfig, translate($1, '<>/', '   ')) $$
"""
READ_ANEW = """
    WITH odd AS MATERIALIZED (
        SELECT id, workspace_id, to_tsvector('english', text) AS read FROM specs_passage
        WHERE is_posted AND text ~ '[<>/]'
    ),
    unposted AS (DELETE FROM specs_posting WHERE passage_id IN (SELECT id FROM odd)),
    counted AS (
        UPDATE specs_corpus AS corpus SET
            passages = greatest(0, corpus.passages - their.passages),
            length = greatest(0, corpus.length - their.length)
        FROM (
            SELECT workspace_id, count(*) AS passages, coalesce(sum((
                SELECT sum(cardinality(positions)) FROM unnest(read)
            )), 0) AS length
            FROM odd GROUP BY workspace_id
        ) AS their
        WHERE corpus.workspace_id = their.workspace_id
    )
    UPDATE specs_passage SET is_posted = false WHERE id IN (SELECT id FROM odd)
"""


class Migration(migrations.Migration):
    """PostgreSQL takes what stands between < and > for a tag and reads none of it, and what slashes
    hold together for one word, a path. The hourly task reads such texts anew; until then searches
    do."""

    dependencies = [("specs", "0012_indexes_once")]

    operations = [
        migrations.RunSQL(WORDS, "DROP FUNCTION specs_words(text)"),
        migrations.RunSQL(READ_ANEW, migrations.RunSQL.noop),
    ]
