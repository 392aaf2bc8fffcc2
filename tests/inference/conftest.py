"""A workspace with people in it, and a model to call."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from apps.accounts.choices import Role, Scope
from apps.accounts.models import User, Workspace
from apps.inference.choices import Outcome
from apps.inference.models import Use
from tests.factories import WorkspaceFactory, issue, member
from tests.inference.wire import KEY, Wire, open_wire


@pytest.fixture
def workspace(db) -> Workspace:
    return WorkspaceFactory.create(name="Orchard")


@pytest.fixture
def owner(workspace) -> User:
    return member(workspace, Role.OWNER)


@pytest.fixture
def contributor(workspace) -> User:
    return member(workspace)


@pytest.fixture
def wire(settings) -> Iterator[Wire]:
    """A remote model of 8 dimensions, of which a token costs a ten-thousandth of a dollar."""
    with open_wire() as wire:
        settings.EMBEDDING_MODEL = "openai/orchard-embed"
        settings.EMBEDDING_DIMENSIONS = 8
        settings.EMBEDDING_API_BASE = wire.url
        settings.EMBEDDING_API_KEY = KEY
        settings.EMBEDDING_PRICE = Decimal(100)
        settings.EMBEDDING_TIMEOUT = 10.0
        yield wire


@pytest.fixture
def api(workspace):
    """A client with a key of this user: `api(owner).get(...)`."""

    def client(user: User) -> APIClient:
        made = APIClient()
        scopes = (Scope.READ, Scope.WRITE) if user.is_agent else tuple(Scope)
        made.credentials(HTTP_X_API_KEY=issue(user, workspace, *scopes))
        return made

    return client


@pytest.fixture
def used(workspace, contributor):
    """A use of this workspace, or of another."""

    def make(cost="0", at=None, place=workspace, **fields):
        plain = {
            "actor_id": contributor.id,
            "actor_kind": "person",
            "model": "openai/big",
            "purpose": "specs.search",
            "texts": 2,
            "tokens": 50,
            "ms": 40,
            "outcome": Outcome.DONE,
        }
        row = Use.objects.create(workspace=place, cost=Decimal(cost), **(plain | fields))
        if at:
            Use.objects.filter(pk=row.pk).update(at=at)
        return row

    return make
