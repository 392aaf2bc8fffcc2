"""Rego beside a policy, evaluated here or by a server: only a plain yes is a yes."""

import os
import signal
import socket
import time
from pathlib import Path

import pytest
from django.core.checks.registry import registry

from apps.policies.acts import digest_of
from apps.policies.checks import check_rego
from apps.policies.choices import ActKind
from apps.policies.rego import embedded
from apps.policies.rego.asking import ask_rego
from tests.pages import the_only
from tests.policies.hearing import a_policy, a_robot, an_act, now, reasons, verdict_on
from tests.policies.opa import serving

ALLOWING = 'package agent\ndefault allow := false\nallow if input.act.kind == "plan"\n'
ENDLESS = """package agent
allow if {
    some x in numbers.range(1, 4000)
    some y in numbers.range(1, 4000)
    x * y == 16000001
}
"""


def ask(**act):
    return ask_rego(an_act("a", **act), a_robot(), now())


@pytest.fixture
def opa(settings):
    with serving() as opa:
        settings.OPA_ENABLE, settings.OPA_URL, settings.OPA_POLICY_DIR = True, opa.url, None
        settings.OPA_TIMEOUT = 5
        yield opa


@pytest.fixture
def folder(settings, tmp_path):
    settings.OPA_ENABLE, settings.OPA_URL, settings.OPA_POLICY_DIR = True, "", tmp_path
    settings.OPA_TIMEOUT = 20
    yield tmp_path
    embedded.end_evaluators()


def test_nobody_is_asked_where_rego_is_switched_off(settings):
    settings.OPA_ENABLE = False
    assert ask() is None


@pytest.mark.parametrize(("url", "place"), [("", None), ("http://127.0.0.1:1", Path("/nowhere"))])
def test_no_place_and_two_places_deny(settings, url, place):
    settings.OPA_ENABLE, settings.OPA_URL, settings.OPA_POLICY_DIR = True, url, place
    assert ask().allowed is False


def test_a_server_is_asked_for_data_agent_allow_with_the_whole_input(opa):
    said = ask(texts={"intent": "naïve"})
    assert (said.allowed, said.source) == (True, "remote")
    [(path, body)] = opa.asked
    assert path == "/v1/data/agent/allow"
    assert sorted(body) == ["input"]
    assert body["input"]["act"]["texts"] == {"intent": "naïve"}
    assert body["input"]["performer"]["kind"] == "agent"
    assert verdict_on(an_act("a", texts={"intent": "naïve"}), rego=said).effect == "require"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"result":false}'),
        (200, b"{}"),
        (200, b'{"result":null}'),
        (200, b'{"result":"true"}'),
        (200, b'{"result":1}'),
        (200, b'{"result":{"allow":true}}'),
        (200, b'{"result":[true]}'),
        (200, b"true"),
        (200, b"[]"),
        (200, b""),
        (200, b'{"result":true'),
        (200, b'{"result":true} {"result":true}'),
        (200, b"\xff\xfe"),
        (200, b'{"result":true, "pad": "' + b"x" * 70_000 + b'"}'),
        (201, b'{"result":true}'),
        (404, b'{"result":true}'),
        (500, b'{"result":true}'),
        (500, b'{"code":"internal_error","message":"boom"}'),
    ],
)
def test_anything_but_a_plain_yes_of_a_server_denies(opa, status, body):
    opa.status, opa.body = status, body
    said = ask()
    assert (said.allowed, said.source) == (False, "remote")
    assert reasons(verdict_on(an_act("a"), a_policy(), rego=said)) == {"opa_deny"}


def test_a_redirect_is_not_followed(opa):
    with serving() as other:
        opa.status, opa.headers = 307, {"Location": other.url + "/v1/data/agent/allow"}
        assert ask().allowed is False
        assert other.asked == []


def test_a_server_that_does_not_answer_in_time_denies(opa, settings):
    settings.OPA_TIMEOUT = 0.2
    opa.released.clear()
    assert ask().why == "It did not answer in time."


def test_a_server_that_answers_a_byte_at_a_time_is_not_waited_for(opa, settings):
    settings.OPA_TIMEOUT = 0.2
    opa.trickling = True
    began = time.monotonic()
    assert ask().why == "It did not answer in time."
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}", "not a url", "ftp://127.0.0.1", "http://"]
)
def test_a_server_that_is_not_there_denies(settings, url):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it
        port = closed.getsockname()[1]
        settings.OPA_ENABLE, settings.OPA_URL = True, url.format(port=port)
        settings.OPA_POLICY_DIR = None
        assert ask().allowed is False


def test_policies_of_a_folder_are_evaluated_here(folder):
    (folder / "deeper").mkdir()
    (folder / "deeper" / "agent.rego").write_text(ALLOWING)
    assert (ask(kind="plan").allowed, ask(kind="plan").source) == (True, "embedded")
    said = ask(kind="prompt")
    assert (said.allowed, said.why) == (False, "It does not allow it.")
    assert reasons(verdict_on(an_act("a", kind=ActKind.PROMPT), rego=said)) == {"opa_deny"}


def test_a_change_in_the_folder_counts_from_the_next_question_on(folder):
    (folder / "agent.rego").write_text("package agent\nallow := false\n")
    assert not ask().allowed
    (folder / "agent.rego").write_text("package agent\nallow := 1 == 1\n")
    assert ask().allowed
    (folder / "agent.rego").write_text("package agent\nallow := ")
    assert not ask().allowed
    (folder / "agent.rego").write_text("package agent\nallow := true\n")
    assert ask().allowed
    (folder / "agent.rego").unlink()
    assert not ask().allowed


@pytest.mark.parametrize(
    "rego",
    [
        "package agent\nallow := false",
        "package agent\nallow if input.nothing",
        'package agent\nallow := "true"',
        "package agent\nallow := 1",
        "package agent\nallow := [true]",
        "package agent\nother := true",
        "package somebody\nallow := true",
        "package agent\nallow := true\nallow := false",
        'package agent\nallow := true if to_number("x")',
        "not rego at all",
        "",
    ],
)
def test_anything_but_a_plain_yes_of_a_folder_denies(folder, rego):
    (folder / "agent.rego").write_text(rego)
    said = ask()
    assert (said.allowed, said.source) == (False, "embedded")


def test_a_folder_that_is_not_there_denies(folder, settings):
    settings.OPA_POLICY_DIR = folder / "missing"
    assert ask().allowed is False


def test_a_slow_policy_is_ended_and_the_next_question_is_answered(folder, settings):
    (folder / "agent.rego").write_text(ALLOWING)
    assert ask(kind="plan").allowed
    (folder / "agent.rego").write_text(ENDLESS)
    slow = embedded._evaluators[folder]._process
    settings.OPA_TIMEOUT = 0.3
    assert ask(kind="plan").why == "It did not answer in time."
    assert slow.returncode == -signal.SIGKILL
    (folder / "agent.rego").write_text(ALLOWING)
    settings.OPA_TIMEOUT = 20
    assert ask(kind="plan").allowed


def test_an_evaluator_that_dies_denies_once(folder):
    (folder / "agent.rego").write_text(ALLOWING)
    assert ask(kind="plan").allowed
    process = embedded._evaluators[folder]._process
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not ask(kind="plan").allowed
    assert ask(kind="plan").allowed


def test_a_forked_process_has_an_evaluator_of_its_own(folder):
    (folder / "agent.rego").write_text(ALLOWING)
    assert ask(kind="plan").allowed
    ours = embedded._evaluators[folder]._process.pid
    child = os.fork()
    if not child:
        other = 1
        try:
            allowed = ask(kind="plan").allowed
            other = embedded._evaluators[folder]._process.pid
            embedded.end_evaluators()
            other = 0 if allowed and other != ours else 1
        finally:
            os._exit(other)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert embedded._evaluators[folder]._process.pid == ours
    assert ask(kind="plan").allowed


def test_the_verdict_holds_the_digest_of_what_was_asked(opa):
    said = ask()
    verdict = verdict_on(an_act("a"), rego=said)
    assert said.input_digest == verdict.input_digest
    assert len(digest_of(b"")) == len(said.input_digest)


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"OPA_ENABLE": False}, 0),
        ({"OPA_ENABLE": False, "OPA_URL": "nonsense"}, 0),
        ({}, 1),
        ({"OPA_URL": "http://127.0.0.1:8181"}, 0),
        ({"OPA_URL": "127.0.0.1:8181"}, 1),
        ({"OPA_URL": "http://x", "OPA_POLICY_DIR": "full"}, 1),
        ({"OPA_POLICY_DIR": "full"}, 0),
        ({"OPA_POLICY_DIR": "empty"}, 1),
    ],
)
def test_a_server_says_at_its_start_that_rego_is_not_set_up(tmp_path, settings, given, faults):
    for name in ("full", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "agent.rego").write_text(ALLOWING)
    settings.OPA_ENABLE = given.get("OPA_ENABLE", True)
    settings.OPA_URL = given.get("OPA_URL", "")
    folder = given.get("OPA_POLICY_DIR")
    settings.OPA_POLICY_DIR = tmp_path / folder if folder else None
    assert check_rego in registry.get_checks()
    assert [one.id for one in check_rego()] == ["lattice.E016"] * faults


def test_the_policy_in_the_docs_is_one(folder):
    (folder / "agent.rego").write_text(the_only("rego", "policies.md"))
    assert ask(kind=ActKind.PLAN, diff_lines=99).allowed
    assert not ask(kind=ActKind.PLAN, diff_lines=100).allowed
    assert not ask(kind=ActKind.PROMPT).allowed
