"""The index follows the graph: with each revision, and made anew by a command."""

import json
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.utils import timezone

from apps.common.ports import Health
from apps.inference.errors import BudgetSpent, ModelAway
from apps.inference.ports import embedding_model
from apps.inference.services.embedding import embed
from apps.ledger.models import Delivery
from apps.specs import vitals
from apps.specs.models.search import Corpus, Passage, Place, Posting, Vector, Word
from apps.specs.services import advising, forgetting, indexing
from apps.specs.services.searching import search_specs
from tests.deliveries import deliver
from tests.specs.graphs import node, plant
from tests.specs.proposing import spec, submit
from tests.specs.search.indexing import index


def run(*args):
    out = StringIO()
    call_command("index_specs", *args, "--json", stdout=out)
    return json.loads(out.getvalue())


def create(**said):
    return {"op": "create", "kind": "requirement", "title": "Pay", **said}


def hits(workspace, owner, query, **more):
    asked = {"workspace_id": workspace.id, "actor": owner, "by_meaning": False}
    return [hit.version.key for hit in search_specs(query=query, **asked, **more).hits]


def test_what_is_applied_is_found_at_once_and_by_its_meaning_soon(policy, workspace, owner):
    submit(workspace, owner, create(body="The till SHALL take zlotys."))
    deliver()
    key = spec("REQ-1").key
    assert hits(workspace, owner, "zlotys") == [key]
    assert Passage.objects.get().is_posted
    assert Vector.objects.count() == 1
    submit(workspace, owner, {"op": "edit", "target": key, "body": "It SHALL take guilders."})
    deliver()
    assert hits(workspace, owner, "zlotys") == []
    assert hits(workspace, owner, "guilders") == [key]
    assert hits(workspace, owner, "zlotys", revision=1) == [key]


def test_with_its_model_away_the_delivery_comes_again(policy, workspace, owner, monkeypatch):
    def away(*args, **kwargs):
        raise ModelAway

    monkeypatch.setattr(advising, "advise_on_likeness", lambda **_: None)
    monkeypatch.setattr(indexing, "embed", away)
    submit(workspace, owner, create(body="The till SHALL take zlotys."))
    with pytest.raises(ModelAway):
        deliver()
    owed = Delivery.objects.open().get(subscription="specs.index_revision")
    assert "ModelAway" in owed.last_error
    assert hits(workspace, owner, "zlotys") == ["REQ-1"]


def dies(*_, **__):
    raise SystemExit


@pytest.mark.parametrize(("is_local", "seconds"), [(True, 20), (False, 120)])
def test_who_died_over_it_is_not_missed_for_long(
    policy, workspace, owner, monkeypatch, is_local, seconds
):
    """As long as its model may take, twice."""
    monkeypatch.setattr(type(embedding_model()), "is_local", is_local)
    monkeypatch.setattr(indexing, "embed", dies)
    monkeypatch.setattr(advising, "advise_on_likeness", lambda **_: None)
    submit(workspace, owner, create(body="The till SHALL take zlotys."))
    with pytest.raises(SystemExit):
        deliver()
    owed = Delivery.objects.open().get(subscription="specs.index_revision")
    assert -1 <= seconds - (owed.next_at - timezone.now()).total_seconds() < 5


def test_much_is_indexed_part_by_part(workspace, monkeypatch):
    """So that however long all of it takes, nobody else begins it."""
    monkeypatch.setattr(indexing, "EMBEDDED_AT_ONCE", 2)
    plant(workspace, [node(f"REQ-{number}", body=f"Coin {number}.") for number in range(1, 6)])
    ids = [*Passage.objects.order_by("-id").values_list("id", flat=True)]
    [revision] = Place.objects.values_list("since", flat=True).distinct()
    assert indexing.brought_by(workspace.id, revision) == [ids[:2], ids[2:4], ids[4:]]
    indexing.index_some(workspace.id, ids[:2])
    assert indexing.waiting_in(workspace.id) == 3


def test_a_worker_takes_it_part_by_part(policy, workspace, owner, monkeypatch):
    parts = []
    monkeypatch.setattr(indexing, "EMBEDDED_AT_ONCE", 2)
    monkeypatch.setattr(indexing, "index_some", lambda _, ids: parts.append(len(ids)))
    monkeypatch.setattr(advising, "advise_on_likeness", lambda **_: None)
    submit(workspace, owner, *(create(body=f"The till SHALL take {n} coins.") for n in range(5)))
    deliver()
    assert parts == [2, 2, 1]


def test_a_deleted_spec_stands_nowhere_and_a_restored_one_again(workspace, owner):
    plant(workspace, [node("REQ-1", body="Zlotys.")])
    plant(workspace, [node("REQ-1", is_live=False)])
    assert not Place.objects.filter(until=None).exists()
    plant(workspace, [node("REQ-1", is_live=True)])
    assert hits(workspace, owner, "zlotys") == ["REQ-1"]
    assert Passage.objects.count() == 1


def test_postings_count_the_words_of_a_passage(workspace):
    plant(workspace, [node("REQ-1", title="Pay", body="Card, cards, and carding: pay by card.")])
    index(workspace)
    times = {row.word.stem: row.times for row in Posting.objects.select_related("word")}
    assert times == {"pay": 2, "card": 4}
    corpus = Corpus.objects.get(workspace=workspace)
    assert (corpus.passages, corpus.length) == (1, 6)


def test_a_word_is_kept_once_however_often_it_is_said(workspace):
    plant(workspace, [node("REQ-1", title="Pay", body="Card.")])
    index(workspace)
    plant(workspace, [node("REQ-2", title="Pay", body="Card and cash.")])
    index(workspace)
    assert sorted(Word.objects.values_list("stem", flat=True)) == ["card", "cash", "pay"]


def test_a_database_of_before_is_indexed_by_the_command(workspace, owner):
    plant(workspace, [node("REQ-1", body="Zlotys."), node("REQ-2", body="Guilders.")])
    plant(workspace, [node("REQ-2", body="Crowns.")])
    forgetting.forget_index(workspace.id)
    assert hits(workspace, owner, "zlotys") == []
    assert run("--dry-run")["unplaced"] == 3
    assert run() == {
        "placed": 3,
        "posted": 3,
        "embedded": 3,
        "refused": 0,
        "unplaced": 0,
        "unposted": 0,
        "waiting": 0,
        "because": "",
    }
    assert hits(workspace, owner, "zlotys") == ["REQ-1"]
    assert hits(workspace, owner, "guilders") == []
    assert hits(workspace, owner, "guilders", revision=1) == ["REQ-2"]
    assert run()["placed"] == 0


def test_the_command_goes_on_where_it_was_stopped(workspace, monkeypatch):
    plant(workspace, [node(f"REQ-{number}", body=f"Coin {number}.") for number in range(1, 6)])
    monkeypatch.setattr(indexing, "EMBEDDED_AT_ONCE", 2)
    embedded = indexing.embed_passages(workspace.id)
    assert (embedded, indexing.waiting_in(workspace.id)) == (2, 3)
    assert run("--workspace", str(workspace.id))["embedded"] == 3


def test_what_was_embedded_before_the_model_went_away_is_kept(workspace, monkeypatch):
    plant(workspace, [node(f"REQ-{number}", body=f"Coin {number}.") for number in range(1, 4)])
    monkeypatch.setattr(type(embedding_model()), "at_once", 1)
    asked = []

    def once_and_away(texts, **said):
        asked.append(texts)
        if len(asked) > 1:
            raise ModelAway
        return embed(texts, **said)

    monkeypatch.setattr(indexing, "embed", once_and_away)
    with pytest.raises(ModelAway):
        indexing.embed_passages(workspace.id)
    assert indexing.waiting_in(workspace.id) == 2


def test_again_makes_all_of_it_anew(workspace, owner):
    plant(workspace, [node("REQ-1", body="Zlotys.")])
    index(workspace)
    done = run("--again")
    assert (done["placed"], done["posted"], done["embedded"]) == (1, 1, 1)
    assert hits(workspace, owner, "zlotys") == ["REQ-1"]
    assert Corpus.objects.get(workspace=workspace).passages == 1


def test_a_spent_budget_leaves_words_and_says_so(workspace, owner, monkeypatch):
    def spent(*args, **kwargs):
        raise BudgetSpent

    plant(workspace, [node("REQ-1", body="Zlotys.")])
    monkeypatch.setattr(indexing, "embed", spent)
    indexing.index_all(workspace.id)
    assert hits(workspace, owner, "zlotys") == ["REQ-1"]
    with pytest.raises(CommandError) as error:
        run()
    assert error.value.returncode == 3


def test_the_doctor_says_what_waits(workspace, monkeypatch):
    plant(workspace, [node("REQ-1", body="Zlotys.")])
    [found] = vitals.examine_search()
    assert (found.health, found.text.count(": 1")) == (Health.OK, 2)
    monkeypatch.setattr(vitals, "MANY", 1)
    [found] = vitals.examine_search()
    assert found.health is Health.WARN
    index(workspace)
    [found] = vitals.examine_search()
    assert found.health is Health.OK


def test_a_passage_stands_here_once(workspace):
    plant(workspace, [node("REQ-1", body="Zlotys.")])
    one = Passage.objects.get()
    with pytest.raises(IntegrityError):
        Passage.objects.create(workspace=workspace, digest=one.digest, text="Another")
    connection.needs_rollback = False


def test_what_was_read_otherwise_before_is_read_anew(workspace):
    plant(workspace, [node("REQ-1", body="It prints <zebra>."), node("REQ-2", body="It pays.")])
    index(workspace)
    after = [*Posting.objects.order_by("pk").values_list()], Corpus.objects.values().get()
    words_apart = import_module("apps.specs.migrations.0013_words_apart")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE specs_corpus SET length = length - 1")  # zebra was not read
        cursor.execute(words_apart.READ_ANEW)
        cursor.execute(words_apart.READ_ANEW)
    assert Passage.objects.filter(is_posted=False).count() == 1
    assert Corpus.objects.get().passages == 1
    index(workspace)
    assert ([*Posting.objects.order_by("pk").values_list()], Corpus.objects.values().get()) == after
