"""A prepared query finds what its queryset would, without building that again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.models import ApiKey, IdempotencyKey, Membership, User
from apps.common.prepared import Prepared, prepared
from tests.factories import WorkspaceFactory, agent_of, issue, member

ROOT = Path(__file__).parents[2]
built: list[object] = []


@prepared
def standing(*, user, role):
    built.append(user)
    found = Membership.objects.standing().filter(user_id=user, role=role)
    return found.select_related("user__owner", "workspace").order_by("workspace__name")


@prepared
def answers(*, keys):
    return IdempotencyKey.objects.filter(key__in=keys).order_by("key").values_list("key", "headers")


@prepared
def first(*, limit):
    return User.objects.filter(is_active=True).order_by("id")[:limit]


@prepared
def usable():
    return ApiKey.objects.usable()


@prepared
def usable_at(*, now):
    return ApiKey.objects.usable(now)


def people_in(workspace):
    owner = member(workspace, Role.OWNER)
    return owner, agent_of(owner, workspace)


@pytest.mark.django_db
def test_what_was_planned_before_is_still_told_to_who_logs_queries():
    with CaptureQueriesContext(connection) as asked:
        for _ in range(3):
            answers(keys=[])
    assert all("headers" in query["sql"] for query in asked)
    assert len(asked) == 3


@pytest.mark.django_db
def test_rows_come_with_what_was_joined_and_annotated(django_assert_num_queries):
    workspace = WorkspaceFactory.create()
    owner, agent = people_in(workspace)
    standing(user=owner.id, role=Role.OWNER.value)
    built.clear()
    with django_assert_num_queries(2):
        [mine] = standing(user=owner.id, role=Role.OWNER.value)
        [its] = standing(user=agent.id, role=Role.CONTRIBUTOR.value)
        assert (mine.user, mine.workspace, mine.owner_role) == (owner, workspace, None)
        assert (its.user, its.user.owner, its.owner_role) == (agent, owner, Role.OWNER)
    assert not built
    assert standing(user=agent.id, role=Role.OWNER.value) == []


@pytest.mark.django_db
def test_values_come_as_their_fields_read_them():
    IdempotencyKey.objects.create(
        principal="ada", key="once", fingerprint=b"", status=200, headers={"ETag": ["1"]}, body=b""
    )
    assert answers(keys=["once"]) == [("once", {"ETag": ["1"]})]
    assert answers(keys=[]) == []


@pytest.mark.django_db
def test_each_limit_is_its_own():
    people = [member(WorkspaceFactory.create()) for _ in range(3)]
    assert [first(limit=number) for number in (2, 1, 2)] == [people[:2], people[:1], people[:2]]


@pytest.mark.django_db
def test_it_does_not_ask_about_the_moment_when_it_was_built():
    workspace = WorkspaceFactory.create()
    person = member(workspace)
    issue(person, workspace)
    with pytest.raises(TypeError, match="one moment"):
        usable()
    key = ApiKey.objects.get(user=person)
    now = key.expires_at = timezone.now()
    key.save(update_fields=["expires_at"])
    assert usable_at(now=now - timedelta(seconds=1)) == [key]
    assert usable_at(now=now) == []


@pytest.mark.django_db
def test_each_thread_asks_over_its_own_connection():
    """Another one does not see what this one has not committed."""
    owner, _ = people_in(WorkspaceFactory.create())

    def elsewhere():
        try:
            return standing(user=owner.id, role=Role.OWNER.value)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(elsewhere).result() == []
    assert len(standing(user=owner.id, role=Role.OWNER.value)) == 1


def every_prepared_query():
    for file in (ROOT / "apps").rglob("*.py"):
        if "\n@prepared\n" in file.read_text():
            module = import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
            for name, query in vars(module).items():
                if isinstance(query, Prepared) and query.__module__ == module.__name__:
                    yield f"{query.__module__}.{name}", query


@pytest.mark.django_db
def test_postgresql_can_plan_each_before_it_knows_the_values():
    found = dict(every_prepared_query())
    assert len(found) > 30
    for query in found.values():
        limit = 5 if "limit" in signature(query).parameters else None
        _, _, sql, params = query._build(limit)
        numbered = sql % tuple(f"${at + 1}" for at in range(len(params)))
        with connection.cursor() as cursor:
            cursor.execute(f"PREPARE planned AS {numbered}")
            cursor.execute("DEALLOCATE planned")


@pytest.mark.django_db
def test_a_connection_plans_it_once():
    known = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE '%%ORDER BY%%name%%'"
    owner, _ = people_in(WorkspaceFactory.create())
    for _ in range(3):
        standing(user=owner.id, role=Role.OWNER.value)
    with connection.cursor() as cursor:
        cursor.execute(known, [])
        [[statement]] = cursor.fetchall()
    assert str(owner.id) not in statement


@prepared
def held(*, user):
    return User.objects.filter(id=user).select_for_update()


def test_a_lock_outside_of_a_transaction_is_refused_each_time(committed_database):
    person = User.objects.create(email="ada@example.com", name="Ada")
    with transaction.atomic():
        assert held(user=person.id) == [person]
    with pytest.raises(transaction.TransactionManagementError):
        held(user=person.id)
