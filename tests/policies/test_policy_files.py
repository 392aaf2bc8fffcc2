"""Policies are loaded from the workspace's own folder, and followed when they change."""

import os

import pytest

from apps.common.actors import SYSTEM
from apps.common.errors import NotAllowed
from apps.ledger.models import Event
from apps.policies.errors import PolicyFileMissing, PolicyInvalid
from apps.policies.folder import LARGEST
from apps.policies.models.policies import Policy, PolicyVersion
from apps.policies.services.following import reload_changed_files
from apps.policies.services.versions import apply_policy, reload_policy
from tests.factories import WorkspaceFactory

pytestmark = pytest.mark.django_db

SMALL = 'version: "1"\nallowed_dirs: [docs]\n'
OTHER = SMALL + "max_diff_lines: 10\n"
BROKEN = 'version: "2"\nroot: x:0:0:root\n'


@pytest.fixture
def folder(workspace, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    here = tmp_path / str(workspace.id)
    (here / "policies").mkdir(parents=True)
    return here


def text_held(workspace):
    found = Policy.objects.filter(workspace=workspace).select_related("current").first()
    return found.current.text if found and found.current else None


def load(path, workspace, actor):
    return reload_policy(path=path, workspace=workspace.id, actor=actor)


def test_reload_loads_and_says_who_and_what(workspace, owner, folder):
    (folder / "policies/valid.yaml").write_text(SMALL)
    load("policies/valid.yaml", workspace, owner)
    assert text_held(workspace) == SMALL
    version = PolicyVersion.objects.get()
    assert (version.path, version.released_by) == ("policies/valid.yaml", owner.id)
    event = Event.objects.get(type="policy.reload")
    assert event.actor_id == owner.id
    assert (event.payload["path"], event.payload["number"], event.payload["rules"]) == (
        "policies/valid.yaml",
        1,
        0,
    )
    assert event.payload["digest"] == version.digest


def test_reload_of_what_holds_makes_no_version(workspace, owner, folder):
    (folder / "policy.yaml").write_text(SMALL)
    first, second = (load("policy.yaml", workspace, owner) for _ in range(2))
    assert first.version == second.version
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "missing.yaml",
        "",
        ".",
        "..",
        "../elsewhere.yaml",
        "policies/../../elsewhere.yaml",
        "policies/./valid.yaml",
        "policies//valid.yaml",
        "/etc/passwd",
        "policies",
        "policies\\valid.yaml",
        "policies/valid.yaml/",
        "nul\0.yaml",
        "half\ud800.yaml",
        "link.yaml",
        "linked/outside.yaml",
        "pipe.yaml",
        "a/" * 20 + "b.yaml",
        "x" * 600,
    ],
)
def test_whatever_is_not_a_file_of_the_folder_is_missing(path, workspace, owner, folder):
    outside = folder.parent / "elsewhere.yaml"
    outside.write_text(SMALL)
    (folder / "policies/valid.yaml").write_text(SMALL)
    (folder / "link.yaml").symlink_to(outside)
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside/outside.yaml").write_text(SMALL)
    (folder / "linked").symlink_to(folder.parent / "outside")
    os.mkfifo(folder / "pipe.yaml")
    with pytest.raises(PolicyFileMissing) as refused:
        load(path, workspace, owner)
    assert refused.value.text == PolicyFileMissing.message
    assert refused.value.details == []
    assert not PolicyVersion.objects.exists()
    assert not Event.objects.exists()


def test_folder_of_a_workspace_may_be_no_link_to_anothers(workspace, owner, folder):
    other = WorkspaceFactory.create()
    (folder / "policy.yaml").write_text(SMALL)
    (folder.parent / str(other.id)).symlink_to(folder)
    with pytest.raises(PolicyFileMissing):
        reload_policy(path="policy.yaml", workspace=other.id, actor=SYSTEM)


def test_what_stands_in_a_file_is_not_told(workspace, owner, folder):
    (folder / "policy.yaml").write_text(BROKEN)
    with pytest.raises(PolicyInvalid) as refused:
        load("policy.yaml", workspace, owner)
    assert "0:0" not in str(refused.value.details)
    assert [one["line"] for one in refused.value.details] == [1, 1, 2]
    assert text_held(workspace) is None


@pytest.mark.parametrize("content", [b"\xff\xfe", b"#" * (LARGEST + 1)])
def test_what_is_too_large_or_no_text_is_refused(content, workspace, owner, folder):
    (folder / "policy.yaml").write_bytes(content)
    with pytest.raises(PolicyInvalid):
        load("policy.yaml", workspace, owner)
    assert not PolicyVersion.objects.exists()


def test_nobody_but_owners_asks_for_files(workspace, admin, folder):
    with pytest.raises(NotAllowed):
        load("missing.yaml", workspace, admin)


# --- following


def test_file_that_changes_holds(workspace, owner, folder):
    (folder / "policy.yaml").write_text(SMALL)
    assert reload_changed_files() == 1
    assert reload_changed_files() == 0
    (folder / "policy.yaml").write_text(OTHER)
    assert reload_changed_files() == 1
    assert text_held(workspace) == OTHER
    event = Event.objects.filter(type="policy.reload").latest("seq")
    assert (event.actor_kind, event.payload["path"]) == ("system", "policy.yaml")


def test_file_that_was_named_is_followed_in_place_of_the_usual_ones(workspace, owner, folder):
    (folder / "policies/valid.yaml").write_text(SMALL)
    load("policies/valid.yaml", workspace, owner)
    (folder / "policy.yaml").write_text('version: "1"\nallowed_dirs: [other]\n')
    assert reload_changed_files() == 0
    (folder / "policies/valid.yaml").write_text(OTHER)
    assert reload_changed_files() == 1
    assert text_held(workspace) == OTHER


def test_file_that_breaks_changes_nothing_and_is_told_of_once(workspace, folder):
    (folder / "policy.yaml").write_text(SMALL)
    reload_changed_files()
    (folder / "policy.yaml").write_text(BROKEN)
    for _ in range(3):
        assert reload_changed_files() == 0
    assert text_held(workspace) == SMALL
    event = Event.objects.get(type="policies.reload.refused")
    assert (event.payload["because"], event.payload["faults"]) == ("policy_invalid", 3)
    (folder / "policy.yaml").write_text(OTHER)
    assert reload_changed_files() == 1
    assert text_held(workspace) == OTHER


def test_release_stays_until_the_file_changes(workspace, owner, folder):
    (folder / "policy.yaml").write_text(SMALL)
    reload_changed_files()
    apply_policy(text=OTHER, workspace=workspace.id, actor=owner)
    assert reload_changed_files() == 0
    assert text_held(workspace) == OTHER


def test_one_broken_folder_holds_back_no_other(workspace, folder):
    other = WorkspaceFactory.create()
    (folder.parent / str(other.id)).mkdir()
    (folder.parent / "not-an-id").mkdir()
    for here, text in ((folder, BROKEN), (folder.parent / str(other.id), SMALL)):
        (here / "policy.yaml").write_text(text)
    assert reload_changed_files() == 1
    assert text_held(other) == SMALL
    assert text_held(workspace) is None


def test_without_a_folder_there_is_nothing_to_follow(settings, tmp_path):
    settings.POLICY_DIR = tmp_path / "nowhere"
    assert reload_changed_files() == 0
