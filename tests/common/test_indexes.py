"""What is written to an index that no query needs is work done for nothing, at every row."""

import pytest
from django.apps import apps
from django.db import connection

pytestmark = pytest.mark.django_db

LISTED = """
    SELECT relname, array_agg(attname ORDER BY place), indisunique
    FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    CROSS JOIN unnest(indkey) WITH ORDINALITY AS said (number, place)
    LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number AND number > 0
    WHERE relname = ANY(%s) AND indpred IS NULL
        AND (SELECT amname FROM pg_am JOIN pg_class AS own ON relam = pg_am.oid
            WHERE own.oid = indexrelid) = 'btree'
        AND NOT EXISTS (SELECT FROM pg_opclass WHERE pg_opclass.oid = ANY(indclass)
            AND opcname LIKE '%%pattern%%')
    GROUP BY indexrelid, relname, indisunique
"""
"""Of whole tables, in the usual order. None: an expression."""


def test_no_index_says_what_the_beginning_of_another_does():
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith("apps.") and model._meta.managed
    ]
    with connection.cursor() as cursor:
        cursor.execute(LISTED, [tables])
        found = cursor.fetchall()
    assert len(found) > 100
    said_twice = [
        (table, columns, longer)
        for number, (table, columns, is_unique) in enumerate(found)
        for other, (same, longer, _) in enumerate(found)
        if table == same and number != other and not is_unique and None not in columns
        if longer[: len(columns)] == columns
    ]
    assert said_twice == []


def test_every_key_and_index_that_a_model_names_is_there():
    named = {
        each.name
        for model in apps.get_models()
        if model.__module__.startswith("apps.") and model._meta.managed
        for each in (*model._meta.constraints, *model._meta.indexes)
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        there = {name for (name,) in cursor.fetchall()}
    assert named - there == set()
