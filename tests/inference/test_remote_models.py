"""Models that litellm asks: over the wire as it is, and when it fails in every way."""

import json
import logging
import math
import threading
from decimal import Decimal

import pytest
from django.core.checks.registry import registry

from apps.inference.checks import check_embeddings
from apps.inference.choices import Outcome
from apps.inference.embedders.remote import LitellmModel
from apps.inference.errors import ModelAway
from apps.inference.models import Use
from apps.inference.ports import current_embedding_model
from apps.inference.services.embedding import embed
from apps.ledger.models import KillSwitch
from apps.ledger.services import unit
from apps.ledger.switch import EVERYWHERE, staying_open
from tests.inference.wire import KEY, raw, refusal, silence, vectors

pytestmark = pytest.mark.xdist_group("litellm")  # whose import takes seconds

BROKEN = {
    "no json": raw(b"<html>Bad gateway</html>"),
    "nothing": raw(b""),
    "another shape": raw(b'{"data": 7}'),
    "no vectors": vectors(data=[]),
    "one too few": vectors(data=[{"index": 0, "embedding": [1.0] * 8}]),
    "wrong dimensions": vectors(dimensions=9),
    "no numbers": vectors(data=[{"index": n, "embedding": ["x"] * 8} for n in (0, 1)]),
    "null": vectors(data=[{"index": n, "embedding": None} for n in (0, 1)]),
    "not a number": vectors(data=[{"index": n, "embedding": [math.nan] * 8} for n in (0, 1)]),
    "of no length": vectors(data=[{"index": n, "embedding": [0.0] * 8} for n in (0, 1)]),
    "twice the same": vectors(data=[{"index": 0, "embedding": [1.0] * 8}] * 2),
}


@pytest.fixture
def ask(workspace, contributor):
    def call(*texts):
        return embed(texts, purpose="specs.search", workspace=workspace.id, actor=contributor)

    return call


def test_what_it_answers_has_length_1_and_is_paid(wire, ask):
    found = ask("one", "two")
    assert found.vectors == ((0.6, 0.8, 0, 0, 0, 0, 0, 0),) * 2
    assert (found.model, found.dimensions) == current_embedding_model()
    assert (found.tokens, found.cost) == (20, Decimal("0.002"))
    assert wire.asked[0]["input"] == ["one", "two"]
    assert wire.keys == [f"Bearer {KEY}"]
    use = Use.objects.get()
    assert (use.tokens, use.cost, use.outcome) == (20, Decimal("0.002"), Outcome.DONE)


def test_many_texts_are_sent_in_batches_and_come_back_in_order(wire, ask):
    found = ask(*map(str, range(70)))
    assert [len(asked["input"]) for asked in wire.asked] == [32, 32, 6]
    assert (len(found.vectors), found.tokens) == (70, 700)
    assert Use.objects.get().texts == 70


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again(wire, ask, status):
    wire.answers = [refusal(status), refusal(status), vectors()]
    assert ask("one").tokens == 10
    assert len(wire.asked) == 3


def test_it_waits_as_long_as_it_is_told(wire, ask):
    wire.answers = [refusal(429, Retry_After="2"), vectors()]
    ask("one")
    assert Use.objects.get().ms >= 2000


def test_it_does_not_wait_for_what_comes_too_late(wire, ask, settings):
    wire.answers = [refusal(429, Retry_After="60"), vectors()]
    settings.EMBEDDING_TIMEOUT = 2.0
    assert ask("one").tokens == 10  # a minute is more than there is: the usual wait
    assert Use.objects.get().ms < 30_000


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_will_not_pass_is_not_tried_again(wire, ask, status):
    wire.answers = [refusal(status)]
    with pytest.raises(ModelAway):
        ask("one")
    assert len(wire.asked) == 1
    assert Use.objects.get().outcome == Outcome.FAILED


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_used_is_a_model_that_is_away(wire, ask, settings, answer):
    settings.EMBEDDING_TIMEOUT = 1.0
    wire.answers = [answer]
    with pytest.raises(ModelAway):
        ask("one", "two")
    use = Use.objects.get()
    assert [use.outcome, use.tokens, use.cost] == [Outcome.FAILED, 0, 0]


def test_one_that_keeps_silent_is_waited_for_as_long_as_the_setting_says(wire, ask, settings):
    released = threading.Event()
    wire.answers = [silence(released)]
    settings.EMBEDDING_TIMEOUT = 0.5
    try:
        with pytest.raises(ModelAway):
            ask("one")
    finally:
        released.set()
    assert 400 < Use.objects.get().ms < 50_000  # it would keep silent for a minute


def test_nobody_is_there(wire, ask, settings):
    settings.EMBEDDING_API_BASE = "http://127.0.0.1:9/v1"
    settings.EMBEDDING_TIMEOUT = 0.5
    with pytest.raises(ModelAway):
        ask("one")


def test_batches_before_the_one_that_failed_are_paid(wire, ask):
    wire.answers = [vectors(), refusal(400)]
    with pytest.raises(ModelAway):
        ask(*map(str, range(40)))
    use = Use.objects.get()
    assert (use.tokens, use.cost, use.outcome) == (320, Decimal("0.032"), Outcome.FAILED)


def test_its_key_and_the_texts_are_in_no_row_log_or_error(wire, ask, caplog, capfd):
    wire.answers = [refusal(401)]
    with caplog.at_level(logging.DEBUG), pytest.raises(ModelAway) as raised:
        ask("a secret text")
    error = raised.value
    shown = map(repr, (error, error.__cause__, error.__context__))
    rows = json.dumps(list(Use.objects.values()), default=str)
    said = "".join([rows, caplog.text, *shown, *capfd.readouterr()])
    assert "AuthenticationError 401" in said
    assert KEY not in said
    assert "a secret text" not in said


def test_it_is_never_asked_inside_a_unit(wire, ask, workspace, contributor):
    with unit(actor=contributor, workspace=workspace.id), pytest.raises(RuntimeError):
        ask("one")
    assert wire.asked == []


@pytest.mark.parametrize("reading", [True, False])
def test_while_the_kill_switch_is_on_it_is_not_asked(wire, ask, reading):
    KillSwitch.objects.create(workspace_id=EVERYWHERE, reason="drill", pulled_by=EVERYWHERE)
    with staying_open(reading), pytest.raises(ModelAway, match="kill switch"):
        ask("one")
    assert wire.asked == []
    assert not Use.objects.exists()


def test_prices_and_lengths_come_from_litellms_table(wire, settings):
    settings.EMBEDDING_PRICE = None
    model = LitellmModel("openai/text-embedding-3-small", 8)
    assert model.price() == Decimal("0.00000002")
    model.embed(["word " * 9000, ""])
    long, empty = wire.asked[0]["input"]
    assert 20_000 < len(long) < 8192 * 5
    assert empty == " "
    assert wire.asked[0]["dimensions"] == 8
    assert LitellmModel("openai/orchard-embed", 8).price() is None
    by_query = LitellmModel("bedrock/twelvelabs.marengo-embed-2-7-v1:0", 8)
    assert by_query.price() is None


@pytest.mark.parametrize(
    ("model", "dimensions", "faults"),
    [("local", None, 0), ("text-embedding-3-small", None, 1), ("text-embedding-3-small", 1536, 0)],
)
def test_a_server_says_at_its_start_that_the_dimensions_are_not_set(
    settings, model, dimensions, faults
):
    settings.EMBEDDING_MODEL, settings.EMBEDDING_DIMENSIONS = model, dimensions
    assert check_embeddings in registry.get_checks()
    assert [one.id for one in check_embeddings()] == ["lattice.E018"] * faults
