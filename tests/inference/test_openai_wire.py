"""A peer that somebody else wrote, which speaks OpenAI's protocol: aimock, from npm."""

import json
import socket
import subprocess
from decimal import Decimal

import pytest

from apps.inference.rules import most_tokens
from apps.inference.services.embedding import embed
from config.env import ROOT
from tests.waiting import eventually

AIMOCK = ROOT / "tests" / "peers" / "node_modules" / ".bin" / "llmock"
FIXTURES = {
    "fixtures": [
        {"match": {"inputText": "apple"}, "response": {"embedding": [3.0, 4.0, 0.0, 0.0]}},
    ]
}

pytestmark = pytest.mark.peers


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def listens(port):
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def aimock(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("aimock"), free_port()
    (folder / "fixtures.json").write_text(json.dumps(FIXTURES))
    with (folder / "log").open("w") as log:
        peer = subprocess.Popen(
            [AIMOCK, "-p", str(port), "-f", folder / "fixtures.json", "--log-level", "silent"],
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: listens(port), within=30)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        peer.terminate()
        peer.wait(10)


def test_it_is_understood(aimock, settings, workspace, contributor):
    settings.EMBEDDING_MODEL = "openai/some-model"
    settings.EMBEDDING_DIMENSIONS = 4
    settings.EMBEDDING_API_BASE = aimock
    settings.EMBEDDING_API_KEY = "sk-any"
    settings.EMBEDDING_PRICE = Decimal(1)
    texts = ["an apple", "another apple"]
    found = embed(texts, purpose="specs.search", workspace=workspace.id, actor=contributor)
    assert found.vectors == ((0.6, 0.8, 0.0, 0.0),) * 2
    # It says that it took no tokens, so the most that it can have taken is counted.
    assert found.tokens == most_tokens(texts)
