"""What a search finds by words, and in which order."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.state import ProjectState

from apps.common.errors import NotFound
from apps.common.extensions import CreateExtensionWhereOffered, has_extension
from apps.common.ports import Health
from apps.common.runtime import doctor
from apps.specs.services import searching
from apps.specs.services.indexing import post_passages
from apps.specs.services.searching import search_specs
from tests.factories import WorkspaceFactory, member
from tests.specs.graphs import node, plant

searched = import_module("apps.specs.migrations.0008_searched")
SHOP = [
    node("GOAL-1", title="Take money", body="Customers pay in the way they like best."),
    node("REQ-1", title="Pay by card", body="The till SHALL accept a card within 3 seconds."),
    node("REQ-2", title="Pay by transfer", body="The till SHALL accept a bank transfer."),
    node("REQ-3", title="Refunds", body="A clerk SHALL NOT refund a card payment twice."),
    node("TEST-1", title="Cards work", body="Pay by card and look at the receipt."),
]


@pytest.fixture
def shop(workspace):
    return plant(workspace, SHOP)


@pytest.fixture(params=["fresh", "posted"])
def state(request):
    return request.param


@pytest.fixture
def found(shop, workspace, owner, state):
    """Whether the words have been posted already or are read from the texts is no difference."""

    def keys(query, **more):
        if state == "posted":
            while post_passages(workspace.id):
                pass
        asked = {"workspace_id": workspace.id, "actor": owner, "by_meaning": False}
        hits = search_specs(query=query, **asked, **more).hits
        return [hit.version.key for hit in hits]

    return keys


def test_a_rare_word_finds_what_says_it(found):
    assert found("transfer") == ["REQ-2"]


def test_other_forms_of_a_word_are_the_same_word(found):
    assert found("refunding") == ["REQ-3"]


def test_any_of_the_words_will_do_and_the_rarest_counts_most(found):
    assert found("till transfer")[:2] == ["REQ-2", "REQ-1"]


def test_a_key_comes_first_in_letters_of_any_case(found):
    assert found("req-3")[0] == "REQ-3"
    assert found("card REQ-2")[0] == "REQ-2"


def test_a_former_key_leads_to_its_node(found, workspace):
    plant(workspace, [node("REQ-2", renamed="PAY-2")])
    assert found("req-2")[0] == "PAY-2"


def test_a_title_comes_before_what_only_mentions_it(found):
    assert found("pay by card")[0] == "REQ-1"


def test_a_phrase_stands_as_it_is(found):
    assert set(found('"by card"')) == {"REQ-1", "TEST-1"}
    assert found('"card by"') == []


def test_a_phrase_of_words_that_every_text_has(found):
    assert found('"shall not"') == ["REQ-3"]
    assert found("not") == ["REQ-3"]


def test_what_follows_a_minus_is_left_out(found):
    assert "REQ-3" in found("card")
    assert "REQ-3" not in found("card -refunds")
    assert "TEST-1" not in found('card -"look at"')


def test_what_is_left_out_is_no_reason_to_be_found(found):
    assert found("transfer -refund") == ["REQ-2"]


def test_kinds_labels_and_status_narrow_it(found, workspace):
    plant(workspace, [node("REQ-2", labels=["bank", "slow"], status="retired")])
    assert found("card", kinds=["test"]) == ["TEST-1"]
    assert found("pay", labels=["bank"]) == ["REQ-2"]
    assert found("pay", labels=["bank", "fast"]) == []
    assert found("pay", statuses=["retired"]) == ["REQ-2"]


def test_the_past_is_searched_as_it_was(found, workspace, shop):
    before = shop.revision.number
    plant(workspace, [node("REQ-2", body="The till SHALL accept cheques.")])
    plant(workspace, [node("REQ-3", is_live=False)])
    assert found("cheques") == ["REQ-2"]
    assert found("bank") == []
    assert found("refund") == []
    assert found("bank", revision=before) == ["REQ-2"]
    assert found("refund", revision=before) == ["REQ-3"]
    assert found("cheques", revision=before) == []
    assert found("card", revision=before - 1) == []


def test_pages_follow_one_another(found):
    every = found("pay card till", most=5)
    assert found("pay card till", most=2) == every[:2]
    assert found("pay card till", most=2, offset=2) == every[2:4]


def test_a_typing_error_is_forgiven(workspace, owner, shop):
    while post_passages(workspace.id):
        pass
    asked = {"workspace_id": workspace.id, "actor": owner, "by_meaning": False}
    [hit] = search_specs(query="transfr", **asked).hits
    assert hit.version.key == "REQ-2"
    assert [piece.text for piece in hit.snippet if piece.is_marked] == ["transfer"]


@pytest.fixture
def without_likeness():
    """As on a server that does not offer it: nothing else is there that goes with it."""
    searching._knows_likeness.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
    yield
    searching._knows_likeness.cache_clear()


def test_without_trigrams_words_are_found_as_they_are(shop, found, without_likeness):
    assert found("card till") == found("till card")
    assert found("transfr") == []
    [told] = [one for one in doctor._postgres() if one.subject == "extensions"]
    assert (told.health, "pg_trgm" in told.text) == (Health.WARN, True)


def test_migrations_do_without_what_is_not_offered(without_likeness, monkeypatch):
    add_index = next(one for one in searched.Migration.operations if is_of_trigrams(one))
    with connection.schema_editor() as editor:
        create = CreateExtensionWhereOffered("pg_trgm")
        with monkeypatch.context() as patched:
            patched.setattr(create, "is_offered", lambda _: False)
            create.database_forwards("common", editor, None, None)
        assert not has_extension("pg_trgm")
        states = ProjectState.from_apps(apps)
        add_index.database_forwards("specs", editor, states, states)
        create.database_forwards("common", editor, None, None)
        assert has_extension("pg_trgm")
        add_index.database_forwards("specs", editor, states, states)


def is_of_trigrams(operation):
    return type(operation).__name__ == "AddIndexOfTrigrams"


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("It SHALL print <zebra id> on the receipt.", "zebra"),
        ("It SHALL print <zebra\nid> on the receipt.", "<zebra id>"),
        ("It returns a `List<Zebra>` of all.", "List<Zebra>"),
        ("It returns a `Map<String, List<Zebra>>`.", "zebra"),
        ("It SHALL say </zebra> <!-- so far -->", "zebra"),
        ("Whoever has a horse/zebra SHALL pay.", "zebra"),
        ("`GET /api/v1/zebras/{id}` answers.", "zebras"),
    ],
)
def test_words_in_brackets_and_paths_are_found_and_marked(found, workspace, owner, body, asked):
    plant(workspace, [node("REQ-9", body=body)])
    assert found(asked) == ["REQ-9"]
    [hit] = search_specs(query=asked, workspace_id=workspace.id, actor=owner, by_meaning=False).hits
    marked = [piece.text.lower() for piece in hit.snippet if piece.is_marked]
    assert "zebra" in "".join(marked)
    assert "".join(piece.text for piece in hit.snippet) in " ".join(body.split())
    assert found(f"till receipt -{asked.split()[0]}") != []
    assert "REQ-9" not in found(f"till receipt -{asked.split()[0]}")


def test_a_title_counts_with_what_stands_in_its_brackets(found, workspace):
    plant(workspace, [node("REQ-8", title="Print <zebra>"), node("REQ-9", body="A zebra.")])
    assert found("zebra")[0] == "REQ-8"


def test_a_snippet_keeps_what_stands_in_brackets(workspace, owner):
    body = "The till SHALL take <amount> by <b>card</b>, if a<b and c>d, and say so."
    plant(workspace, [node("REQ-1", body=body)])
    asked = {"workspace_id": workspace.id, "actor": owner, "by_meaning": False}
    [hit] = search_specs(query="card", **asked).hits
    said = "".join(piece.text for piece in hit.snippet)
    assert "take <amount> by <b>card" in said


def test_a_snippet_marks_what_was_looked_for_and_is_text(workspace, owner):
    plant(workspace, [node("REQ-9", body="Before <b>all</b> \x02 the card <script>pays\x03.")])
    asked = {"workspace_id": workspace.id, "actor": owner, "by_meaning": False}
    [hit] = search_specs(query="card", **asked).hits
    assert [piece.text for piece in hit.snippet if piece.is_marked] == ["card"]
    assert "\x02" not in "".join(piece.text for piece in hit.snippet)


def test_a_long_body_is_found_at_its_end(workspace, owner):
    body = "\n\n".join(["Nothing of note. " * 20] * 20 + ["The zebra crosses."])
    plant(workspace, [node("REQ-9", body=body)])
    asked = {"workspace_id": workspace.id, "actor": owner, "by_meaning": False}
    [hit] = search_specs(query="zebra", **asked).hits
    assert "zebra" in "".join(piece.text for piece in hit.snippet)


@pytest.mark.parametrize(
    "query", ["", "   ", "-card", '""', "\0", "'", "\\", "%", "a" * 2_000, "&|!"]
)
def test_odd_questions_find_little_and_break_nothing(found, query):
    assert len(found(query)) <= 5


def test_nobody_finds_what_is_another_workspaces(shop, workspace, owner):
    other = WorkspaceFactory.create()
    stranger = member(other)
    plant(other, [node("REQ-1", body="The till SHALL take another card.")])

    def search(workspace):
        return search_specs(
            query="card", workspace_id=workspace.id, actor=stranger, by_meaning=False
        )

    assert [hit.version.workspace_id for hit in search(other).hits] == [other.id]
    with pytest.raises(NotFound):
        search(workspace)
