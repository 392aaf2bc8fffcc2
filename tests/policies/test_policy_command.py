"""`manage.py policy`: the operator's door."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.policies.choices import Origin
from apps.policies.models.policies import PolicyVersion
from apps.policies.services.observing import take_act
from tests.policies.releasing import POLICY

pytestmark = pytest.mark.django_db

SMALL = 'version: "1"\nallowed_dirs: [docs]\n'
FREE = SMALL + "default: {then: {allow: true}}\n"
FAILING = SMALL + "tests: [{name: t, act: {kind: plan}, expect: {effect: deny}}]\n"


def run(*words):
    out = StringIO()
    call_command("policy", *map(str, words), stdout=out)
    return out.getvalue()


def refused(*words):
    out = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("policy", *map(str, words), stdout=out)
    return error.value.returncode, out.getvalue() + str(error.value)


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "policy.yaml"
        path.write_text(text)
        return path

    return write


def test_check_and_test_say_whether_it_is_a_policy(file):
    assert "A policy of 2 rules" in run("check", file(POLICY))
    code, said = refused("check", file('version: "1"\nRosebud: 1\n'))
    assert code == 1
    assert "2:1" in said
    assert "Rosebud" not in said
    code, said = refused("test", file(FAILING))
    assert code == 1
    assert "FAILS" in said
    assert "expected deny" in said
    assert refused("check", "/nowhere/policy.yaml")[0] == 2


def test_apply_shows_first_and_then_holds(workspace, file, released):
    dry = run("--dry-run", "apply", workspace.id, file(SMALL))
    assert "-  - name: nobody deletes" in dry
    assert PolicyVersion.objects.count() == 1
    assert "Version 2 holds" in run("apply", workspace.id, file(SMALL), "--reason", "drill")
    version = PolicyVersion.objects.latest("number")
    assert (version.origin, version.reason) == (Origin.COMMAND, "drill")
    assert version.released_by_kind == "system"
    assert run("show", workspace.id) == SMALL
    assert run("show", workspace.id, "--number", "1") == POLICY
    assert "The built-in policy" in run("show", workspace.id, "--number", "0")
    code, said = refused("apply", workspace.id, file(FAILING))
    assert (code, "fails tests" in said) == (1, True)
    assert PolicyVersion.objects.count() == 2


def test_reload_loads_from_the_folder(workspace, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    (tmp_path / str(workspace.id)).mkdir()
    (tmp_path / str(workspace.id) / "policy.yaml").write_text(SMALL)
    assert "+allowed_dirs: [docs]" in run("reload", workspace.id, "policy.yaml", "--dry-run")
    assert not PolicyVersion.objects.exists()
    assert "Version 1 holds" in run("reload", workspace.id, "policy.yaml")
    assert "Nothing would change" in run("reload", workspace.id, "policy.yaml", "--dry-run")
    assert refused("reload", workspace.id, "../policy.yaml")[0] == 1
    assert refused("reload", workspace.id, "../policy.yaml", "--dry-run")[0] == 1


def test_replay_lists_what_would_flip(workspace, agent, file, released):
    take_act(agent_id="bot", action="read", payload={}, actor=agent, workspace=workspace.id)
    facts = json.loads(run("--json", "replay", workspace.id, file(FREE), "--days", "1"))
    assert facts["compared"] == 2
    flips = {flip["kind"]: (flip["before"], flip["after"]) for flip in facts["flips"]}
    assert flips["tool.call"] == ("require", "allow")
    assert "1 acts" not in run("replay", workspace.id, file(POLICY))
    assert refused("replay", workspace.id, file(POLICY), "--days", "0")[0] == 2
