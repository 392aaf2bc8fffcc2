"""Questions that would take long."""

import pytest
from django.db import connection

from apps.specs.errors import SearchTooSlow
from apps.specs.search import statement
from apps.specs.services import searching
from apps.specs.services.searching import search_specs
from tests.specs.graphs import node, plant
from tests.specs.search.indexing import index

OFTEN = [f"often{chr(97 + number)}" for number in range(statement.COUNTING)]


@pytest.fixture
def search(workspace, owner):
    said = [node(f"REQ-{number}", body=" ".join(OFTEN)) for number in range(1, 4)]
    plant(workspace, [*said, node("REQ-9", body="Zlotys.")])
    index(workspace)
    return lambda query: search_specs(
        query=query, workspace_id=workspace.id, actor=owner, by_meaning=False
    )


def test_of_many_words_the_rarest_count(search):
    found = search(" ".join([*OFTEN, "zlotys"]))
    shared = {hit.version.key: hit.shared for hit in found.hits}
    often = statement.COUNTING - 1
    assert shared == {"REQ-1": often, "REQ-2": often, "REQ-3": often, "REQ-9": 1}


def test_what_takes_too_long_ends_and_leaves_no_limit_behind(search, monkeypatch):
    monkeypatch.setattr(searching, "LONGEST", 0.05)
    real = statement.statement
    slow = "WITH slept AS MATERIALIZED (SELECT pg_sleep(30)),"
    monkeypatch.setattr(
        searching,
        "statement",
        lambda *args, **kwargs: (
            real(*args, **kwargs).replace("WITH", slow, 1).replace("FROM best", "FROM best, slept")
        ),
    )
    with pytest.raises(SearchTooSlow):
        search("zlotys")
    monkeypatch.undo()
    assert search("zlotys").hits
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
