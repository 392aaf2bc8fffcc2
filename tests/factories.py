"""Rows for tests, as terse as can be: `PersonFactory.create()`, `member(workspace, Role.REVIEWER)`.

Agents belong to an owner; keys are made by `issue(...)`, which hands back the text of the key.
"""

from datetime import datetime

from django.contrib.auth.hashers import BCryptSHA256PasswordHasher
from factory.declarations import Sequence, SubFactory
from factory.django import DjangoModelFactory

from apps.accounts import models
from apps.accounts.choices import ActorKind, Role, Scope, WorkspaceKind
from apps.accounts.credentials import fingerprint, new_api_key
from apps.accounts.services.people import refresh_console_access
from apps.common.actors import SYSTEM
from apps.ledger.services import unit
from apps.ledger.switch import staying_open

PASSWORD = "correct horse battery"


class _Quick(BCryptSHA256PasswordHasher):
    rounds = 4


_HASHED = _Quick().encode(PASSWORD, _Quick().salt())


class WorkspaceFactory(DjangoModelFactory[models.Workspace]):
    class Meta:
        model = models.Workspace

    name = Sequence(lambda n: f"Workspace {n}")
    kind = WorkspaceKind.ORGANIZATION


class PersonFactory(DjangoModelFactory[models.User]):
    class Meta:
        model = models.User

    email = Sequence(lambda n: f"person{n}@example.org")
    name = Sequence(lambda n: f"Person {n}")
    password = _HASHED


class AgentFactory(DjangoModelFactory[models.User]):
    class Meta:
        model = models.User

    email = Sequence(lambda n: f"agent{n}@example.org")
    name = Sequence(lambda n: f"Agent {n}")
    kind = ActorKind.AGENT
    owner = SubFactory(PersonFactory)


class MembershipFactory(DjangoModelFactory[models.Membership]):
    class Meta:
        model = models.Membership

    workspace = SubFactory(WorkspaceFactory)
    user = SubFactory(PersonFactory)
    role = Role.CONTRIBUTOR


def member(workspace: models.Workspace, role: Role = Role.CONTRIBUTOR) -> models.User:
    """A new person with this role, whose default workspace this is."""
    person: models.User = PersonFactory.create(default_workspace=workspace)
    MembershipFactory.create(workspace=workspace, user=person, role=role)
    return person


def at_the_console(person: models.User) -> models.User:
    """Somebody whom their roles let in there: it lets them in now."""
    with staying_open(), unit(actor=SYSTEM):
        refresh_console_access(person.id)
    person.refresh_from_db()
    return person


def agent_of(
    owner: models.User, workspace: models.Workspace, role: Role = Role.CONTRIBUTOR
) -> models.User:
    agent: models.User = AgentFactory.create(owner=owner, default_workspace=workspace)
    MembershipFactory.create(workspace=workspace, user=agent, role=role)
    return agent


def issue(
    user: models.User,
    workspace: models.Workspace,
    *scopes: Scope,
    demo: bool = False,
    expires_at: datetime | None = None,
) -> str:
    """The text of a new key. Without scopes: read and write."""
    parts = new_api_key()
    models.ApiKey.objects.create(
        public_id=parts.public_id,
        secret_hash=fingerprint(parts.secret),
        user=user,
        workspace=workspace,
        name="test",
        scopes=list(scopes) or [Scope.READ, Scope.WRITE],
        demo=demo,
        created_by=user,
        expires_at=expires_at,
    )
    return str(parts)
