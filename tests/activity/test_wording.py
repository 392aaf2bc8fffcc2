"""Events as people read them: each type has a sentence, names are read once, no addresses. Those of
every room: whoever adds an event writes its sentence beside it.
"""

from string import Formatter
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from apps.accounts.choices import Role
from apps.activity.ports import EventRow
from apps.activity.wording import told
from apps.common.events import registry
from apps.ledger.services import SYSTEM_WORKSPACE
from tests.factories import PersonFactory, WorkspaceFactory, agent_of, member

pytestmark = pytest.mark.django_db

TYPES = {
    name: kind for name, kind in sorted(registry.items()) if kind.__module__.startswith("apps.")
}


def row(kind, payload=None, *, actor=None, workspace=SYSTEM_WORKSPACE):
    return EventRow(
        id=uuid4(),
        workspace_id=workspace,
        seq=1,
        type=kind,
        actor_id=actor.id if actor else UUID(int=0),
        actor_kind=actor.kind if actor else "system",
        payload=payload or {},
        at=timezone.now(),
    )


@pytest.mark.parametrize("kind", TYPES)
def test_type_reads_as_a_sentence_and_speaks_only_of_what_the_event_holds(kind):
    assert TYPES[kind].sentence, f"{TYPES[kind].__qualname__} has no sentence"
    gaps = {gap for _, gap, _, _ in Formatter().parse(TYPES[kind].sentence) if gap}
    assert gaps <= {"actor", "workspace"} | set(TYPES[kind].__dataclass_fields__)
    (text,) = told([row(kind)])
    assert len(text.split()) > 1
    assert text[0].isupper()
    assert not set("{}_@") & set(text)


@pytest.fixture
def shop():
    workspace = WorkspaceFactory.create(name="Northwind Shop")
    ada = member(workspace, Role.OWNER)
    ada.name = "Ada"
    ada.save(update_fields=["name"])
    agent = agent_of(ada, workspace)
    agent.name = "demo agent"
    agent.save(update_fields=["name"])
    return workspace, ada, agent


def test_sentences_name_people_and_places(shop):
    workspace, ada, agent = shop
    happened = [
        ("accounts.invitation.created", {"invitation": str(uuid4()), "role": "reviewer"}),
        ("accounts.key.rotated", {"key": str(uuid4()), "holder": str(agent.id)}),
        ("accounts.member.role_changed", {"member": str(ada.id), "before": "x", "after": "owner"}),
        ("accounts.workspace.transferred", {"from_owner": str(ada.id), "to_owner": str(agent.id)}),
        ("accounts.person.changed", {"person": str(ada.id), "fields": ["time_zone", "name"]}),
        ("accounts.agent.owner_changed", {"agent": str(agent.id), "after": str(ada.id)}),
    ]
    assert told([row(k, p, actor=ada, workspace=workspace.id) for k, p in happened]) == [
        "Ada invited a reviewer to Northwind Shop",
        "Ada rotated a key of demo agent",
        "Ada made Ada an owner of Northwind Shop",
        "Ada handed Northwind Shop over to demo agent",
        "Ada's account was changed: time zone, name",
        "The agent demo agent now belongs to Ada, and its keys ended",
    ]
    (by_clock,) = told([row("accounts.workspace.archived", workspace=workspace.id)])
    assert by_clock == "Lattice archived Northwind Shop"


def test_names_hold_whatever_they_hold(shop):
    workspace, ada, _ = shop
    ada.name = "{actor.id} <b>"
    ada.save(update_fields=["name"])
    (text,) = told([row("accounts.workspace.created", actor=ada, workspace=workspace.id)])
    assert text == "{actor.id} <b> created Northwind Shop"


def test_nameless_people_are_not_called_by_their_address():
    person = PersonFactory.create(name="")
    (text,) = told([row("accounts.person.registered", {"person": str(person.id)})])
    assert text == f"Somebody ({person.id.hex[-8:]}) joined Lattice"


def test_page_of_many_kinds_takes_two_queries(shop, django_assert_num_queries):
    workspace, ada, _ = shop
    page = [row(kind, actor=ada, workspace=workspace.id) for kind in TYPES] * 3
    with django_assert_num_queries(2):
        told(page)


def test_an_event_of_a_type_that_is_no_more_says_its_name():
    assert told([row("accounts.member.promoted")]) == ["Member promoted"]
