"""What the doctor says of the folder that `make run` keeps."""

import pytest

from apps.accounts.choices import Role
from apps.common.ports import Health
from apps.mirror.vitals import examine_mirror
from tests.factories import PersonFactory, WorkspaceFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(settings, tmp_path, workspace):
    keeper = member(workspace, Role.OWNER)
    settings.SPEC_SYNC_ENABLED = True
    settings.SPEC_SYNC_DIR, settings.SPEC_SYNC_AS = tmp_path, keeper.email
    settings.SPEC_SYNC_WORKSPACE = None
    return settings


def said():
    [found] = examine_mirror()
    return found.health, f"{found.text}. {found.fix}"


def test_it_is_well(kept):
    assert said()[0] is Health.OK


def test_where_no_folder_is_kept_nothing_is_said(kept):
    kept.SPEC_SYNC_ENABLED = False
    assert list(examine_mirror()) == []


@pytest.mark.parametrize(
    ("wrong", "fix"),
    [
        ({"SPEC_SYNC_AS": "nobdy@example.org"}, "Set SPEC_SYNC_AS"),
        ({"SPEC_SYNC_AS": "", "INIT_EMAIL": "", "DEMO": False}, "Set SPEC_SYNC_AS"),
        ({"SPEC_SYNC_DIR": "nowhere"}, "correct SPEC_SYNC_DIR"),
    ],
)
def test_what_is_misspelt_is_named(kept, tmp_path, wrong, fix):
    for name, value in wrong.items():
        setattr(kept, name, tmp_path / value if name.endswith("DIR") else value)
    health, text = said()
    assert health is Health.FAIL
    assert fix in text


def test_who_is_no_member_cannot_propose(kept):
    kept.SPEC_SYNC_AS = PersonFactory.create().email
    assert "no member" in said()[1]
    kept.SPEC_SYNC_AS = member(WorkspaceFactory.create(), Role.OWNER).email
    assert said()[0] is Health.OK
    kept.SPEC_SYNC_WORKSPACE = WorkspaceFactory.create().id
    assert "SPEC_SYNC_WORKSPACE" in said()[1]
