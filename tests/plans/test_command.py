"""`manage.py plans`: lists, and writes new files below `plans/` of a directory, nowhere else."""

import hashlib
import json
import os
import resource
import signal
import sys
import zipfile
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.services.exports import export_workspace
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from apps.plans.models import Plan
from apps.policies.services.switching import pull_switch
from tests.plans.trees import git, read_tree, write_tree

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(api, contributor, policy, body):
    body["intent"] = "Greet people\nby name"
    api(contributor).post("/plan", body)
    return Plan.objects.get()


def said(*arguments: object) -> str:
    out = StringIO()
    call_command("plans", *map(str, arguments), stdout=out)
    return out.getvalue()


def assert_not_exported(plan):
    plan.refresh_from_db()
    assert plan.exported_at is None
    assert not Event.objects.filter(type="plans.plan.exported").exists()


def test_it_lists_each_in_a_line(plan):
    text = said("list", plan.workspace_id)
    assert f"{plan.id}  ready" in text
    assert "Greet people by name" in text
    [row] = json.loads(said("list", plan.workspace_id, "--json"))["plans"]
    assert (row["artifact"], row["intent"]) == (plan.file, "Greet people\nby name")
    assert "no plans" in said("list", plan.workspace_id, "--state", "waiting")


def test_it_writes_what_git_applies(plan, body, tmp_path):
    write_tree(tmp_path, {"api/greeting.py": body["changes"][0]["old"], "docs/old.md": "Old.\n"})
    git(tmp_path, "init", "-q")
    facts = json.loads(
        said("export", plan.workspace_id, plan.id, tmp_path, "--variant", "v_bold", "--json")
    )
    name = tmp_path / "plans" / plan.name
    assert facts["files"] == [f"{name}.json", f"{name}.v_bold.patch", f"{name}.v_bold.md"]
    git(tmp_path, "apply", f"{name}.v_bold.patch")
    assert "docs/old.md" not in read_tree(tmp_path)
    written = (tmp_path / plan.file).read_bytes()
    assert hashlib.sha256(written).hexdigest() == plan.digest
    assert Event.objects.filter(type="plans.plan.exported").count() == 1


def test_it_writes_over_nothing(plan, tmp_path):
    (tmp_path / "plans").mkdir()
    mine = tmp_path / "plans" / f"{plan.name}.v_bal.patch"
    mine.write_text("mine")
    with pytest.raises(CommandError, match="written over"):
        said("export", plan.workspace_id, plan.id, tmp_path)
    assert read_tree(tmp_path) == {f"plans/{mine.name}": "mine"}
    assert_not_exported(plan)
    mine.unlink()
    said("export", plan.workspace_id, plan.id, tmp_path)
    assert Event.objects.filter(type="plans.plan.exported").count() == 1


def test_a_trial_names_the_files_and_writes_none(plan, tmp_path):
    words = ("export", plan.workspace_id, plan.id, tmp_path)
    told = json.loads(said(*words, "--json", "--dry-run"))
    assert read_tree(tmp_path) == {}
    assert_not_exported(plan)
    assert json.loads(said(*words, "--json")) == told
    with pytest.raises(CommandError, match="written over"):
        said(*words, "--dry-run")


def test_a_full_disk_is_told_and_nothing_is_on_record(plan, tmp_path, monkeypatch):
    """One that takes no further byte, as far as this process can tell: of what it compiles on the
    way, half would stay behind."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, kept[1]))
    try:
        with pytest.raises(CommandError, match="File too large"):
            said("export", plan.workspace_id, plan.id, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)
        signal.signal(signal.SIGXFSZ, before)
    assert read_tree(tmp_path) == {}
    assert_not_exported(plan)


def test_what_cannot_be_recorded_leaves_no_file(plan, tmp_path):
    pull_switch(workspace_id=plan.workspace_id, reason="A drill", actor=SYSTEM)
    with pytest.raises(CommandError, match="Service disabled"):
        said("export", plan.workspace_id, plan.id, tmp_path)
    assert read_tree(tmp_path) == {}
    assert_not_exported(plan)


@pytest.mark.parametrize("to", ["folder", "file"])
def test_it_follows_no_link(plan, tmp_path, to):
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    if to == "folder":
        os.symlink(outside, inside / "plans")
    else:
        (inside / "plans").mkdir()
        os.symlink(outside / "x", inside / "plans" / f"{plan.name}.json")
    with pytest.raises(CommandError):
        said("export", plan.workspace_id, plan.id, inside)
    assert list(outside.iterdir()) == []


def test_what_waits_is_not_exported(api, agent, policy, body, tmp_path):
    api(agent).post("/plan", body)
    plan = Plan.objects.get()
    with pytest.raises(CommandError, match="approval"):
        said("export", plan.workspace_id, plan.id, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_workspaces_export_holds_its_plans_readable(plan, body, tmp_path):
    target = tmp_path / "export.zip"
    export_workspace(workspace_id=plan.workspace_id, target=target, actor=SYSTEM)
    with zipfile.ZipFile(target) as archive:
        [name] = [name for name in archive.namelist() if "plan" in name.lower()]
        [row] = map(json.loads, archive.read(name).splitlines())
    assert row["artifact"]["intent"] == body["intent"]
    assert "sealed" not in row
