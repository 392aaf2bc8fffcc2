"""What a workspace may spend: set by those who manage it, and kept to by uses at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import connections
from prometheus_client import REGISTRY

from apps.accounts.choices import Role
from apps.common.errors import NotAllowed, NotFound
from apps.inference.errors import BudgetSpent
from apps.inference.models import Budget, Use
from apps.inference.selectors import usage
from apps.inference.services.budgets import set_budget
from apps.inference.services.embedding import embed
from apps.ledger.models import Event
from tests.factories import PersonFactory, WorkspaceFactory, agent_of, member
from tests.inference.wire import vectors

pytestmark = pytest.mark.xdist_group("litellm")  # whose import takes seconds


@pytest.fixture
def ask(workspace, contributor):
    def call(*texts):
        return embed(texts, purpose="specs.search", workspace=workspace.id, actor=contributor)

    return call


def said(kind):
    return list(Event.objects.filter(type=kind).order_by("seq").values_list("payload", flat=True))


def test_who_manages_the_workspace_sets_it(workspace, owner):
    for amount in (Decimal(25), Decimal(25), Decimal("12.5"), None):
        set_budget(workspace_id=workspace.id, monthly=amount, actor=owner)
    assert Budget.objects.get().monthly is None
    assert said("inference.budget.set") == [
        {"before": "", "monthly": "25.00"},
        {"before": "25.00", "monthly": "12.50"},
        {"before": "12.50", "monthly": "none"},
    ]


def test_nobody_else_does(workspace, owner, contributor):
    agent = agent_of(owner, workspace, Role.ADMIN)
    refused = {contributor: NotAllowed, agent: NotAllowed, PersonFactory.create(): NotFound}
    for actor, error in refused.items():
        with pytest.raises(error):
            set_budget(workspace_id=workspace.id, monthly=Decimal(1), actor=actor)
    assert not Budget.objects.exists()
    assert said("inference.budget.set") == []


def test_when_it_is_spent_nothing_that_costs_is_asked_until_the_month_is_over(
    wire, ask, workspace, owner
):
    set_budget(workspace_id=workspace.id, monthly=Decimal("0.0015"), actor=owner)
    with time_machine.travel(datetime(2026, 11, 30, 23, 59, tzinfo=UTC), tick=False):
        move(ask("one"), datetime(2026, 11, 30, 23, 58, tzinfo=UTC))
        move(ask("two"), datetime(2026, 11, 30, 23, 58, tzinfo=UTC))
        with pytest.raises(BudgetSpent) as refused:
            ask("three")
    [detail] = refused.value.details
    assert detail["budget"] == "0.0015"
    assert detail["spent"] == "0.002"
    assert detail["until"] == "2026-12-01T00:00:00+00:00"
    assert "1 December" in refused.value.text
    assert len(wire.asked) == 2

    with time_machine.travel(datetime(2026, 12, 1, tzinfo=UTC), tick=False):
        ask("three")


def move(_, moment):
    """The database's clock does not travel."""
    Use.objects.filter(at__gt=moment).update(at=moment)


def test_that_it_is_spent_is_said_once(wire, ask, workspace, owner):
    set_budget(workspace_id=workspace.id, monthly=Decimal("0.001"), actor=owner)
    ask("one")
    for _ in range(2):
        with pytest.raises(BudgetSpent):
            ask("two")
    [told] = said("inference.budget.spent")
    assert (told["monthly"], told["spent"]) == ("0.001", "0.001")


def test_of_nothing_nothing_is_spent_but_the_local_model_costs_nothing(
    wire, ask, workspace, owner, settings
):
    set_budget(workspace_id=workspace.id, monthly=Decimal(0), actor=owner)
    with pytest.raises(BudgetSpent):
        ask("one")
    settings.EMBEDDING_MODEL = "local"
    assert ask("one").cost == 0


def test_another_workspace_has_its_own(wire, workspace, owner, ask):
    set_budget(workspace_id=workspace.id, monthly=Decimal(0), actor=owner)
    other = WorkspaceFactory.create()
    who = member(other)
    assert embed(["one"], purpose="specs.search", workspace=other.id, actor=who).tokens == 10


def test_sixteen_at_once_spend_too_much_by_one_use_at_most(
    wire, committed_database, transactional_people
):
    place, owner, who = transactional_people
    set_budget(workspace_id=place.id, monthly=Decimal("0.01"), actor=owner)
    wire.answers = [vectors(tokens=20)]  # 0.002 dollars each, and it reserves for 25 tokens
    begin = threading.Barrier(16)

    def call(_):
        try:
            begin.wait(30)
            done = 0
            for _ in range(4):
                try:
                    embed(["x" * 23], purpose="specs.search", workspace=place.id, actor=who)
                    done += 1
                except BudgetSpent:
                    pass
            return done
        finally:
            connections.close_all()

    with ThreadPoolExecutor(16) as pool:
        done = sum(pool.map(call, range(16)))
    spent = usage(workspace_id=place.id, actor=owner).spent
    assert spent == done * Decimal("0.002")
    assert len(wire.asked) == done
    assert Decimal("0.006") <= spent <= Decimal("0.012")
    # Whoever comes later may use what was reserved and not needed.
    while spent < Decimal("0.01"):
        embed(["x"], purpose="specs.search", workspace=place.id, actor=who)
        spent = usage(workspace_id=place.id, actor=owner).spent
    assert len(said("inference.budget.spent")) == 1


@pytest.fixture
def transactional_people(committed_database):
    place = WorkspaceFactory.create(name="Orchard")
    return place, member(place, Role.OWNER), member(place)


def test_uses_are_counted_for_prometheus(wire, ask):
    labels = {"model": "openai/orchard-embed"}

    def count(name, **more):
        return REGISTRY.get_sample_value(name, labels | more) or 0

    ended = {"purpose": "specs.search", "outcome": "done"}
    before = count("lattice_model_uses_total", **ended), count("lattice_model_tokens_total")
    ask("one")
    assert count("lattice_model_uses_total", **ended) == before[0] + 1
    assert count("lattice_model_tokens_total") == before[1] + 10
    assert count("lattice_model_dollars_total") > 0
    assert count("lattice_model_use_seconds_count") > 0
