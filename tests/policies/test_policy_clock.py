"""What beat has done for policies: files are followed and old acts forgotten, by real tasks."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from django.utils import timezone

from apps.ledger.deliveries import claim
from apps.policies import tasks
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy
from apps.policies.services.observing import take_act

pytestmark = pytest.mark.django_db


def test_beat_asks_for_both():
    asked = {entry["task"] for entry in configured.CELERY_BEAT_SCHEDULE.values()}
    assert {"policies.reload_changed_files", "policies.forget_old_acts"} <= asked


def test_task_follows_files(workspace, settings, tmp_path):
    settings.POLICY_DIR = tmp_path
    (tmp_path / str(workspace.id)).mkdir()
    (tmp_path / str(workspace.id) / "policy.yaml").write_text(
        'version: "1"\nallowed_dirs: [docs]\n'
    )
    tasks.reload_changed_files.apply(throw=True)
    held = Policy.objects.get(workspace=workspace).current
    assert held
    assert held.path == "policy.yaml"


def test_task_forgets_old_acts(workspace, agent, settings):
    take_act(agent_id="bot", action="read", payload={}, actor=agent, workspace=workspace.id)
    ActRecord.objects.update(at=timezone.now() - settings.POLICY_ACTS_KEPT - timedelta(days=1))
    tasks.forget_old_acts.apply(throw=True)
    assert not ActRecord.objects.exists()
    assert claim(10) == []
