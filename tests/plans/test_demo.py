"""What the demo workspace begins with."""

from collections import Counter

import pytest
from django.core.management import call_command

from apps.accounts.models import User
from apps.accounts.services.demo import REVIEWER
from apps.approvals.models.people import Comment
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.selectors.queue import waiting_anywhere

pytestmark = pytest.mark.django_db


def test_the_demo_has_something_of_each_kind_once(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    for _ in range(2):
        call_command("seed_demo")
    rita = User.objects.get_queryset().get(email=REVIEWER[0])
    waiting = waiting_anywhere(rita)
    assert sorted(waiting.values_list("subject_kind", flat=True)) == ["plan"] * 4 + [
        "policy_change"
    ]
    states = ApprovalRequest.objects.values_list("state", flat=True)
    assert Counter(states) == {"pending": 5, "allowed": 2, "denied": 1, "changes_requested": 1}
    assert Comment.objects.filter(required=True).count() == 1
    [deletion] = waiting.filter(subject_kind="plan", risk_level="high")
    assert sorted(stage.quorum for stage in deletion.stages.all()) == [1, 2]
