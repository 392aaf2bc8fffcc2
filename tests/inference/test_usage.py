"""What was used, over HTTP, also when it is summed up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apps.inference import tasks
from apps.inference.choices import Outcome
from apps.inference.models import Budget, DayOfUse, Use
from apps.inference.selectors import usage
from apps.inference.services import keeping
from tests.factories import WorkspaceFactory

USAGE, BUDGET = "/api/v1/inference/usage", "/api/v1/inference/budget"
LONG_AGO = datetime(2025, 3, 1, 0, 30, tzinfo=UTC)


def test_a_month_by_model_and_purpose(used, api, contributor):
    used("0.25")
    used("0.5", outcome=Outcome.FAILED)
    used("1", purpose="specs.backfill")
    used("9", at=LONG_AGO)
    used("9", place=WorkspaceFactory.create())
    found = api(contributor).get(USAGE).json()
    assert found["spent"] == "1.75"
    assert [(row["purpose"], row["cost"]) for row in found["by_model"]] == [
        ("specs.backfill", "1.00"),
        ("specs.search", "0.75"),
    ]
    search = found["by_model"][1]
    assert (search["uses"], search["failed"], search["tokens"], search["ms"]) == (2, 1, 100, 80)
    assert api(contributor).get(USAGE, {"month": "2025-03"}).json()["spent"] == "9.00"
    assert api(contributor).get(USAGE, {"month": "2025-02"}).json()["by_model"] == []


@pytest.mark.parametrize("month", ["2025-13", "März", "2025-3", "9999-01", "2025-03-01"])
def test_a_month_that_is_none_is_refused(api, contributor, month):
    assert api(contributor).get(USAGE, {"month": month}).status_code == 422


def test_a_budget_is_set_and_read_over_http(used, api, owner, contributor):
    used("0.0000002")
    answered = api(owner).put(BUDGET, {"monthly": "25.00"})
    assert answered.status_code == 200
    assert answered.json()["monthly"] == "25.00"
    read = api(contributor).get(BUDGET).json()
    assert (read["monthly"], read["spent"]) == ("25.00", "0.0000002")
    assert api(owner).put(BUDGET, {"monthly": None}).json()["monthly"] is None


@pytest.mark.parametrize("monthly", ["-1", "1.001", "NaN", "1e20", "much"])
def test_a_budget_that_is_none_is_refused(api, owner, monthly):
    assert api(owner).put(BUDGET, {"monthly": monthly}).status_code == 422
    assert not Budget.objects.exists()


def test_who_does_not_manage_sets_none(api, contributor):
    assert api(contributor).put(BUDGET, {"monthly": "1"}).status_code == 403
    assert not Budget.objects.exists()


def test_old_uses_are_summed_up_by_day_and_nothing_changes(used, workspace, owner):
    for hours in (0, 1, 23):
        used("0.1", at=LONG_AGO.replace(hour=hours))
    used("0.2", at=LONG_AGO.replace(hour=5), outcome=Outcome.FAILED)
    used("0.3", at=LONG_AGO.replace(day=2))
    recent = used("0.4")
    before = usage(workspace_id=workspace.id, actor=owner, month=LONG_AGO)

    tasks.keep_uses.apply(throw=True)

    assert list(Use.objects.all()) == [recent]
    days = DayOfUse.objects.order_by("day").values_list("day__day", "uses", "failed", "cost")
    assert list(days) == [(1, 4, 1, Decimal("0.5")), (2, 1, 0, Decimal("0.3"))]
    assert usage(workspace_id=workspace.id, actor=owner, month=LONG_AGO) == before

    used("1", at=LONG_AGO)  # one that was written late
    assert keeping.sum_up_old_uses() == 1
    assert DayOfUse.objects.get(day=LONG_AGO.date()).cost == Decimal("1.5")


def test_what_never_ended_is_given_up_and_stays_counted(used):
    long_enough = timezone.now() - keeping.GIVEN_UP - timedelta(seconds=1)
    used("0.1", outcome=Outcome.UNDER_WAY, at=long_enough)
    used("0.2", outcome=Outcome.UNDER_WAY)
    assert keeping.give_up_lost_uses() == 1
    ended = Use.objects.order_by("cost").values_list("cost", "outcome")
    assert list(ended) == [(Decimal("0.1"), Outcome.LOST), (Decimal("0.2"), Outcome.UNDER_WAY)]
