"""Specs over HTTP: listed, one by one, and as they were."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.specs.graphs import node, plant

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 1, 9, tzinfo=UTC)


@pytest.fixture
def graph(workspace, contributor, reviewer):
    """Of two days: on the second REQ-1 is reworded and renamed to REQ-10."""
    first = plant(
        workspace,
        [
            node("SPEC-1"),
            node("GOAL-1", labels=["north"], body="Why.\n"),
            node("REQ-1", body="Old.\n\nSame.\n", parent="SPEC-1", rank="b"),
            node("REQ-2", parent="SPEC-1", rank="a", owner_id=contributor.id, status="draft"),
            node("TEST-1"),
        ],
        ["REQ-1 refines GOAL-1", "TEST-1 verifies REQ-1"],
        author=contributor,
        title="Begin",
        at=MAY,
    )
    plant(
        workspace,
        [node("REQ-1", renamed="REQ-10", body="New.\n\nSame.\n", attributes={"risk": 3})],
        ["REQ-2 refines GOAL-1"],
        unlinks=["TEST-1 verifies REQ-1"],
        author=contributor,
        approvers=[reviewer],
        title="Reword it",
        at=MAY + timedelta(days=1),
    )
    return first


@pytest.fixture
def get(api, contributor, graph):
    client = api(contributor)
    return lambda path, **headers: client.get(f"/api/v1/specs{path}", headers=headers)


@pytest.fixture
def keys(get):
    return lambda query="": [row["key"] for row in get(query).json()["results"]]


def test_they_are_listed_by_key(keys, get):
    assert keys() == ["GOAL-1", "REQ-10", "REQ-2", "SPEC-1", "TEST-1"]
    page = get("?limit=2").json()
    assert [row["key"] for row in page["results"]] == ["GOAL-1", "REQ-10"]
    assert keys(f"?limit=2&cursor={page['next_cursor']}") == ["REQ-2", "SPEC-1"]
    assert set(page["results"][0]) == {
        *("id", "key", "kind", "title", "status", "labels", "owner_id", "parent_id"),
        *("version", "revision", "changed_at"),
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?kind=requirement", ["REQ-10", "REQ-2"]),
        ("?label=north", ["GOAL-1"]),
        ("?status=draft", ["REQ-2"]),
        ("?parent=spec-1&ordering=rank", ["REQ-2", "REQ-10"]),
        ("?q=new", ["REQ-10"]),
        ("?ordering=-revision&limit=1", ["REQ-10"]),
        ("?as_of=2026-05-01", ["GOAL-1", "REQ-1", "REQ-2", "SPEC-1", "TEST-1"]),
        ("?as_of=rev:1&q=old", ["REQ-1"]),
        ("?as_of=rev:2&ordering=-revision&limit=1", ["REQ-10"]),
        ("?as_of=2026-04-30", []),
        ("?kind=nonsense", []),
    ],
)
def test_they_are_filtered_ordered_and_read_as_they_were(keys, query, expected):
    assert keys(query) == expected


def test_by_who_looks_after_them(keys, contributor, owner):
    assert keys(f"?owner={contributor.id}") == ["REQ-2"]
    assert keys(f"?owner={owner.id}") == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("?as_of=soon", 422, "moment_unknown"),
        ("?as_of=rev:3", 422, "moment_unknown"),
        ("?status=lost", 422, "invalid"),
        ("?owner=me", 422, "invalid"),
        ("?parent=REQ-99", 404, "spec_missing"),
        ("/REQ-99", 404, "spec_missing"),
        ("/nowhere-1", 404, "spec_missing"),
        ("/REQ-10?as_of=2026-04-30", 404, "spec_missing"),
        ("/REQ-10/versions/3", 404, "spec_missing"),
        ("/REQ-10/versions/99999999999999999999", 404, "spec_missing"),
        ("/REQ-10/diff", 422, "invalid"),
        ("/REQ-10/diff?from=3", 404, "spec_missing"),
        ("/REQ-10/diff?from=rev:9", 422, "moment_unknown"),
        ("/REQ-10/impact?most=0", 422, "invalid"),
        ("/diff?from=1", 422, "moment_unknown"),
    ],
)
def test_what_is_not_there_is_said(get, path, status, code):
    answer = get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_old_key_leads_to_the_spec_and_the_answer_names_the_present_one(
    get, graph, contributor, reviewer
):
    found = get("/req-1").json()
    assert (found["id"], found["key"], found["version"]) == (str(graph["REQ-1"].id), "REQ-10", 2)
    assert (found["body"], found["attributes"]) == ("New.\n\nSame.\n", {"risk": 3})
    assert found["parent_id"] == str(graph["SPEC-1"].id)
    goal = {"id": str(graph["GOAL-1"].id), "key": "GOAL-1", "title": "About GOAL-1"}
    assert found["links"] == [{"kind": "refines", "target": goal}]
    assert (found["linked_from"], found["links_cut"]) == ([], False)
    brought = found["brought"]
    assert (brought["why"], brought["revision"]) == ("Reword it", 2)
    assert brought["authors"] == [str(contributor.id)]
    assert brought["approvers"] == [str(reviewer.id)]


def test_one_as_it_was(get):
    found = get("/REQ-10?as_of=2026-05-01").json()
    assert (found["key"], found["body"], found["version"]) == ("REQ-1", "Old.\n\nSame.\n", 1)
    (link,) = found["linked_from"]
    assert (link["kind"], link["source"]["key"]) == ("verifies", "TEST-1")
    assert found["brought"]["why"] == "Begin"


def test_who_has_it_already_is_not_sent_it_again(get, workspace):
    tag = get("/GOAL-1")["ETag"]
    again = get("/goal-1", **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    plant(workspace, links=["TEST-1 relates_to GOAL-1"])
    assert get("/GOAL-1", **{"If-None-Match": tag}).status_code == 200


def test_its_versions(get):
    rows = get("/REQ-1/versions").json()["results"]
    told = [(row["version"], row["key"], row["brought"]["why"]) for row in rows]
    assert told == [(2, "REQ-10", "Reword it"), (1, "REQ-1", "Begin")]
    answer = get("/REQ-1/versions/1")
    assert answer.json()["body"] == "Old.\n\nSame.\n"
    assert get("/REQ-1/versions/1", **{"If-None-Match": answer["ETag"]}).status_code == 304


def test_of_a_deleted_one_the_past_is_still_read(get, workspace):
    plant(workspace, [node("REQ-10", is_live=False)])
    assert get("/REQ-10").status_code == 404
    assert get("/REQ-10?as_of=rev:2").json()["key"] == "REQ-10"
    rows = get("/REQ-10/versions").json()["results"]
    assert [row["is_live"] for row in rows] == [False, True, True]
    assert get("/REQ-10/diff?from=2").json()["change"] == "removed"


@pytest.mark.parametrize(
    "sides", ["from=1&to=2", "from=rev:1&to=rev:2", "from=2026-05-01", "from=1"]
)
def test_what_has_changed_about_one(get, sides):
    found = get(f"/REQ-10/diff?{sides}").json()
    assert (found["key"], found["change"]) == ("REQ-10", "changed")
    assert found["fields"] == [
        {"field": "key", "before": "REQ-1", "after": "REQ-10"},
        {"field": "attributes.risk", "before": None, "after": 3},
    ]
    assert found["patch"] == "@@ -1,3 +1,3 @@\n-Old.\n+New.\n \n Same.\n"
    assert (found["lines_added"], found["lines_removed"]) == (1, 1)


def test_what_has_changed_in_the_graph(get):
    def told(query):
        return [(row["key"], row["change"]) for row in get(f"/diff?{query}").json()["results"]]

    expected = [("REQ-10", "changed"), ("REQ-2", "changed"), ("TEST-1", "changed")]
    assert told("from=2026-05-01") == told("from=rev:1&to=rev:2") == expected
    assert told("from=rev:2&to=rev:1")[0] == ("REQ-1", "changed")
    assert {change for _, change in told("from=2026-04-30&to=2026-05-01")} == {"added"}
    rows = {row["key"]: row for row in get("/diff?from=rev:1").json()["results"]}
    assert [link["target"] for link in rows["REQ-2"]["links_gained"]] == ["GOAL-1"]
    assert [link["target"] for link in rows["TEST-1"]["links_lost"]] == ["REQ-10"]


def test_what_depends_on_one(get):
    found = get("/GOAL-1/impact").json()
    assert [(row["key"], row["distance"]) for row in found["results"]] == [
        ("REQ-10", 1),
        ("REQ-2", 1),
    ]
    (step,) = found["results"][0]["path"]
    assert (step["link"], step["key"]) == ("refines", "GOAL-1")
    assert found["cut"] is False
    less = get("/GOAL-1/impact?most=1").json()
    assert (len(less["results"]), less["cut"]) == (1, True)


def test_who_brought_each_paragraph(get, reviewer):
    found = get("/REQ-1/blame").json()
    told = [
        (each["text"], each["first_line"], each["version"], each["brought"]["why"])
        for each in found["paragraphs"]
    ]
    assert told == [("New.", 1, 2, "Reword it"), ("Same.", 3, 1, "Begin")]
    assert found["paragraphs"][0]["brought"]["approvers"] == [str(reviewer.id)]
    then = get("/REQ-1/blame?as_of=rev:1").json()["paragraphs"]
    assert [each["text"] for each in then] == ["Old.", "Same."]


@pytest.mark.parametrize(
    ("path", "queries"),
    [
        ("", 4),
        ("?as_of=rev:1", 5),
        ("/GOAL-1", 7),
        ("/GOAL-1/versions", 7),
        ("/GOAL-1/blame", 7),
        ("/GOAL-1/impact", 6),
        ("/diff?from=rev:0", 11),
        ("/suspects", 4),
    ],
)
def test_it_costs_the_same_however_large_the_graph(
    get, workspace, path, queries, django_assert_num_queries
):
    get(path)
    with django_assert_num_queries(queries):
        get(path)
    more = [f"TASK-{number}" for number in range(20)]
    for number in range(3):
        plant(
            workspace,
            [*map(node, more), node("GOAL-1", body="More.\n\n" * number)],
            [f"{key} implements GOAL-1" for key in more] if not number else [],
        )
    with django_assert_num_queries(queries):
        get(path)
