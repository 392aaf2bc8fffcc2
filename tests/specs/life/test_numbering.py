"""Keys that are given by number are found as quickly among thousands."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Workspace
from apps.specs.models.graph import Key
from apps.specs.schemas import read_operations
from apps.specs.services.keys import give_keys, handing_out
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db
CREATE = {"op": "create", "kind": "requirement", "title": "New"}


@pytest.fixture
def taken(workspace: Workspace):
    held = plant(workspace, [node("DOC-1")])["DOC-1"]

    def take(*keys):
        Key.objects.bulk_create(Key(workspace=workspace, key=key, node=held) for key in keys)

    return take


@pytest.fixture
def section_keys(workspace):
    def give(count, stem="DOC-1.overview"):
        next_key = handing_out({}, workspace.id)
        return [next_key(stem) for _ in range(count)]

    return give


@pytest.fixture
def numbers(workspace):
    def give(count=1):
        given = give_keys(read_operations([CREATE] * count), {"requirement": "REQ"}, workspace.id)
        return given["REQ"]

    return give


def test_a_section_is_called_by_its_title_and_then_numbered(taken, section_keys):
    assert section_keys(3) == ["DOC-1.overview", "DOC-1.overview-2", "DOC-1.overview-3"]
    taken("DOC-1.OVERVIEW", "doc-1.overview-3")
    assert section_keys(2) == ["DOC-1.overview-2", "DOC-1.overview-4"]
    assert section_keys(1, "DOC-1.over") == ["DOC-1.over"]


@pytest.mark.parametrize("many", [19, 20, 21, 40, 1_000, 3_001])
def test_among_thousands_the_next_is_found_by_a_few_questions(taken, section_keys, many):
    taken("DOC-1.overview", *(f"DOC-1.overview-{number}" for number in range(2, many + 1)))
    with CaptureQueriesContext(connection) as asked:
        assert section_keys(1) == [f"DOC-1.overview-{many + 1}"]
    assert len(asked) <= 7
    for question in asked.captured_queries:
        assert "LIKE" not in question["sql"], "nobody reads all that begin alike"
        assert len(question["sql"]) < 5_000


def test_none_is_given_twice_however_they_are_spread(taken, section_keys):
    far = {2 + 2**power for power in range(34)} | set(range(60, 90))
    held = {f"DOC-1.overview-{number}" for number in far}
    taken(*held)
    given = section_keys(120)
    assert len(set(given)) == 120
    assert not held & set(given)


def test_numbers_that_somebody_chose_are_passed_over(taken, numbers):
    taken(*(f"req-{number}" for number in range(1, 2_000)))
    with CaptureQueriesContext(connection) as asked:
        assert numbers() == ["REQ-2000"]
    assert len(asked) <= 12
    assert not any("~" in question["sql"] for question in asked.captured_queries)
    taken("REQ-2001", "REQ-2003")
    assert numbers(3) == ["REQ-2002", "REQ-2004", "REQ-2005"]
