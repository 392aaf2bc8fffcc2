"""Each paragraph of a body was brought by a version, and that by an approved proposal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.specs.selectors import blame
from apps.specs.selectors.blame import blame_of, paragraphs_of
from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def written(workspace):
    """A node whose body was each of these in turn; who brought which paragraph."""

    def write(*bodies, version=None):
        for body in bodies:
            planted = plant(workspace, [node("REQ-1", body=body)])
        found = blame_of(planted["REQ-1"], version=version)
        return [(each.paragraph.text, each.version) for each in found]

    return write


def test_each_paragraph_is_of_the_version_that_brought_it(written):
    assert written(
        "One.\n\nTwo.\n", "One.\n\nTwo, reworded.\n", "Zero.\n\nOne.\n\nTwo, reworded."
    ) == [
        ("Zero.", 3),
        ("One.", 1),
        ("Two, reworded.", 2),
    ]


def test_a_paragraph_that_moves_keeps_its_origin(written):
    assert written("One.\n\nTwo.\n", "Two.\n\nNew.\n\nOne.\n") == [
        ("Two.", 1),
        ("New.", 2),
        ("One.", 1),
    ]


def test_of_several_alike_the_first_is_the_oldest(written):
    assert written("Same.\n", "Same.\n\nSame.\n") == [("Same.", 1), ("Same.", 2)]


def test_what_left_and_came_back_is_as_old_as_its_return(written):
    assert written("One.\n", "Other.\n", "One.\n") == [("One.", 3)]


def test_a_version_of_the_past_is_blamed_on_its_own_past(written):
    assert written("One.\n", "One.\n\nTwo.\n", "Three.\n", version=2) == [("One.", 1), ("Two.", 2)]


def test_an_empty_body_is_nobodys(written):
    assert written("One.\n", "") == []


def test_it_names_who_wrote_who_approved_when_and_why(workspace, contributor, reviewer, owner):
    plant(workspace, [node("REQ-1", body="One.\n")], author=owner, title="Begin")
    second = plant(
        workspace,
        [node("REQ-1", body="One.\n\nTwo.\n")],
        author=contributor,
        approvers=[reviewer, owner],
        title="Say two",
    )
    one, two = blame_of(second["REQ-1"])
    assert one.revision
    assert two.revision
    assert (one.revision.authors, one.revision.approvers) == ([owner.id], [])
    assert two.revision.authors == [contributor.id]
    assert two.revision.approvers == [reviewer.id, owner.id]
    assert two.revision.at == second.revision.at
    assert two.revision.proposal.title == "Say two"
    assert (two.paragraph.first, two.paragraph.last) == (3, 3)


def test_it_asks_as_often_however_long_the_history_is(workspace, django_assert_num_queries):
    for number in range(60):
        planted = plant(workspace, [node("REQ-1", body="\n\n".join(map(str, range(number + 1))))])
    with django_assert_num_queries(2):
        assert len(blame_of(planted["REQ-1"])) == 60


def test_blank_lines_do_not_divide_fenced_code():
    body = "Before:\n\n```python\na\n\n~~~\n\nb\n```\nAfter.\n\n~~~~\n```\n\nunclosed\n"
    assert [(each.text, each.first, each.last) for each in paragraphs_of(body)] == [
        ("Before:", 1, 1),
        ("```python\na\n\n~~~\n\nb\n```\nAfter.", 3, 10),
        ("~~~~\n```\n\nunclosed", 12, 15),
    ]


@given(st.lists(st.sampled_from(["a", "b", "", " ", "```", "~~~", "\r"]), max_size=12))
def test_paragraphs_are_the_lines_of_a_body(lines):
    body = "\n".join(lines)
    seen: list[int] = []
    for paragraph in paragraphs_of(body):
        assert paragraph.text == "\n".join(lines[paragraph.first - 1 : paragraph.last])
        seen += range(paragraph.first, paragraph.last + 1)
    assert seen == sorted(set(seen))
    assert all(not lines[at - 1].strip() for at in set(range(1, len(lines) + 1)) - set(seen))


@pytest.mark.parametrize("bound", ["MOST_CHARACTERS", "MOST_LINES"])
def test_a_history_that_is_too_long_is_read_from_the_newest_on(workspace, monkeypatch, bound):
    monkeypatch.setattr(blame, bound, {"MOST_CHARACTERS": 60, "MOST_LINES": 6}[bound])
    for number in range(9):
        planted = plant(workspace, [node("REQ-1", body=f"It is kept.\n\nIt is {number}.\n")])
    kept, said = blame_of(planted["REQ-1"])
    assert (kept.revision, kept.version) == (None, 7)
    assert said.revision
    assert (said.revision.number, said.version) == (9, 9)
