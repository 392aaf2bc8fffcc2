"""Numbers of keys that were given and not used."""

import pytest

from apps.specs.schemas import read_operations
from apps.specs.services.keys import give_keys, take_back

pytestmark = pytest.mark.django_db
ONE = read_operations([{"op": "create", "kind": "requirement", "title": "Another"}])


def give(workspace, count=1):
    return give_keys(ONE * count, {"requirement": "REQ"}, workspace.id)


def test_they_go_to_the_next_one(workspace):
    assert give(workspace) == {"REQ": ["REQ-1"]}
    take_back(give(workspace, 2), workspace.id)
    assert give(workspace) == {"REQ": ["REQ-2"]}


def test_what_was_given_after_them_stays_given(workspace):
    first = give(workspace)
    assert give(workspace) == {"REQ": ["REQ-2"]}
    take_back(first, workspace.id)
    assert give(workspace) == {"REQ": ["REQ-3"]}


def test_what_was_given_between_them_stays_given(workspace):
    """Of four, the second and the last."""
    give(workspace, 4)
    take_back({"REQ": ["REQ-2", "REQ-4"]}, workspace.id)
    assert give(workspace) == {"REQ": ["REQ-4"]}
