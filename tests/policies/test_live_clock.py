"""Beat, a worker and a folder, for real: a file that changes holds, and old acts go."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.accounts.choices import Role
from apps.ledger.models import Event
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy
from apps.policies.services.observing import take_act
from tests.factories import WorkspaceFactory, member
from tests.waiting import eventually

pytestmark = pytest.mark.long
SMALL = 'version: "1"\nallowed_dirs: [docs]\n'
BEAT = ("-m", "celery", "-A", "config.celery", "beat")


def due_at_once(*names: str) -> None:
    """As after a pause: what ran last long ago is due as soon as beat is there."""
    interval = IntervalSchedule.objects.create(every=1, period="hours")
    for name in names:
        PeriodicTask.objects.create(
            name=name,
            task=name,
            interval=interval,
            last_run_at=timezone.now() - timedelta(days=1),
        )


def test_beat_has_files_followed_and_old_acts_forgotten(machine, settings, tmp_path):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    take_act(agent_id="bot", action="read", payload={}, actor=owner, workspace=workspace.id)
    ActRecord.objects.update(at=timezone.now() - settings.POLICY_ACTS_KEPT - timedelta(days=1))
    file = tmp_path / "policies" / str(workspace.id) / "policy.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(SMALL)

    def held() -> str:
        found = Policy.objects.filter(workspace=workspace).select_related("current").first()
        return found.current.text if found and found.current else ""

    due_at_once("policies.reload_changed_files", "policies.forget_old_acts")
    machine.worker(children=1, LATTICE_POLICY_DIR=str(tmp_path / "policies"))
    machine.run("beat", *BEAT)
    eventually(lambda: held() == SMALL)
    changed = f"{SMALL}max_diff_lines: 10\n"
    file.write_text(changed)
    eventually(lambda: held() == changed)
    eventually(lambda: not ActRecord.objects.filter(performer_id=owner.id).exists())
    told = Event.objects.filter(workspace_id=workspace.id, type__startswith="polic")
    assert sorted(told.values_list("type", flat=True)) == [
        "policies.acts.forgotten",
        "policy.reload",
        "policy.reload",
    ]
