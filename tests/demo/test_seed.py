"""What the demo workspace says, and what has happened to it before anybody looked."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command

from apps.accounts.models import User, Workspace
from apps.accounts.services.demo import REVIEWER, WORKSPACE
from apps.accounts.services.workspaces import create_workspace
from apps.common.actors import SYSTEM
from apps.ledger.models import Event
from apps.policies.services.versions import check_policy
from apps.specs.console import suspect_specs
from apps.specs.demo import FOLDER
from apps.specs.models.graph import Graph, Link, Node, Revision, Suspect, Version, held_at
from apps.specs.models.proposals import Proposal

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings, tmp_path) -> Workspace:
    settings.DATA_DIR = tmp_path
    call_command("seed_demo")
    shop = Workspace.objects.get(name=WORKSPACE)
    call_command("seed_demo_specs", str(shop.id))
    return shop


def test_it_has_something_of_each_kind_with_a_history(shop):
    kinds = Counter(Node.objects.filter(is_live=True).values_list("kind", flat=True))
    assert kinds == {
        "spec": 8,
        "section": 7,
        "requirement": 31,
        "goal": 5,
        "constraint": 3,
        "interface": 3,
        "decision": 3,
        "task": 5,
        "test": 10,
    }
    links = Counter(Link.objects.filter(held_at(None)).values_list("kind", flat=True))
    assert set(links) == {"refines", "depends_on", "verifies", "conflicts_with", "relates_to"}
    states = Counter(Proposal.objects.values_list("state", flat=True))
    assert states == {"applied": 14, "rejected": 1}
    authors, approvers = set(), set()
    for revision in Revision.objects.all():
        authors |= set(revision.authors)
        approvers |= set(revision.approvers)
    assert len(authors) == 4
    assert len(approvers) == 3
    assert Version.objects.filter(node__key="REQ-301").count() == 3
    assert set(Suspect.objects.filter(cleared_at=None).values_list("node__key", flat=True)) >= {
        *("TEST-301", "TEST-401", "REQ-603", "TEST-501")
    }
    assert not Node.objects.filter(owner_id=None, is_live=True, kind="requirement").exists()


def test_each_doubtful_spec_is_counted(shop):
    rita = User.objects.get_queryset().get(email=REVIEWER[0])
    told = suspect_specs(rita)
    assert told is not None
    assert (told.value, told.note) == (1, "you look after; 8 in all")


def test_a_trial_tells_whether_it_would_have_specs(shop, settings):
    out = StringIO()
    call_command("seed_demo_specs", str(shop.id), "--dry-run", stdout=out)
    assert "Nothing would change" in out.getvalue()
    other = create_workspace(name="Empty", owner=shop.memberships.first().user, actor=SYSTEM)
    call_command("seed_demo_specs", str(other.id), "--dry-run", stdout=out)
    assert "It would be given specs" in out.getvalue()
    assert not Graph.objects.filter(workspace_id=other.id).exists()


def test_a_second_time_it_adds_nothing(shop):
    before = Event.objects.count()
    call_command("seed_demo_specs", str(shop.id))
    assert Event.objects.count() == before


def test_its_policy_passes_its_own_tests():
    assert check_policy((FOLDER / "policy.yaml").read_text()).passes
