"""Each key, check and trigger of the database refuses what it is there for.

Services do not let it come to that. Here nobody stands between a row and the database, so that it
is known what holds should a service err. `make mutants` drops each in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from apps.common.ids import uuid7
from tests.architecture.test_rooms import OUR_APPS
from tests.guards.rows import any_value, put

Row = dict[str, Any]
NOW, SOMEBODY = timezone.now(), uuid7()

OTHERWISE_SOUND: dict[str, Row] = {
    "approvals.Absence": {"begins_at": NOW, "ends_at": NOW + timedelta(days=1)},
    "plans.Plan": {"effect": "allow"},
    "policies.ActRecord": {"sealed": b"sealed"},
}
"""What a row of this model needs, so that nothing but the one guard can refuse it."""

COUNTS_ONLY: dict[str, Row] = {
    "approval_one_stage_is_open": {"state": "open"},
    "specs_reverted_once": {"state": "queued"},
}
"""For which rows a key is one."""

BROKEN: dict[str, tuple[str, Row]] = {
    "act_is_sealed_or_erased": ("policies.ActRecord", {"sealed": None}),
    "agents_have_an_owner": ("accounts.User", {"kind": "agent"}),
    "approval_absence_delegates_to_another": (
        "approvals.Absence",
        {"person_id": SOMEBODY, "delegate_id": SOMEBODY},
    ),
    "approval_absence_has_length": ("approvals.Absence", {"ends_at": NOW}),
    "approval_claimed_until": ("approvals.ApprovalRequest", {"claimed_by": SOMEBODY}),
    "approval_comment_on_a_line": ("approvals.Comment", {"line": 1, "operation": 0}),
    "approval_consumed_once": ("approvals.ApprovalRequest", {"consumed_at": NOW}),
    "approval_quiet_hours_are_whole": ("approvals.Attention", {"quiet_from": time(22)}),
    "approval_quorum_is_positive": ("approvals.Stage", {"quorum": 0}),
    "approval_review_is_whole": ("approvals.AfterReview", {"reviewed_at": NOW}),
    "approval_settled_at_some_time": ("approvals.ApprovalRequest", {"settled_at": NOW}),
    "approval_thread_resolved_by_somebody": ("approvals.Comment", {"resolved_at": NOW}),
    "approval_threads_begin_at_the_top": (
        "approvals.Comment",
        {"reply_to": uuid7(), "required": True},
    ),
    "budget_is_no_debt": ("inference.Budget", {"monthly": -1}),
    "event_seq_is_positive": ("ledger.Event", {"seq": 0}),
    "plan_is_not_denied": ("plans.Plan", {"effect": "deny"}),
    "plan_released_by_somebody": ("plans.Plan", {"state": "released"}),
    "policy_draft_moves_on": (
        "policies.PolicyDraft",
        {"state": "released", "base": 5, "released_as": 5},
    ),
    "policy_draft_released_as_a_version": ("policies.PolicyDraft", {"state": "released"}),
    "policy_version_is_positive": ("policies.PolicyVersion", {"number": 0}),
    "specs_cleared_by_somebody": ("specs.Suspect", {"cleared_at": NOW}),
    "specs_link_leads_elsewhere": ("specs.Link", {"source": 7, "target": 7}),
    "user_email_is_lower": ("accounts.User", {"email": "Ada@example.org"}),
    "webhook_message_has_one_end": (
        "activity.WebhookMessage",
        {"delivered_at": NOW, "failed_at": NOW},
    ),
}

REWRITTEN: dict[str, tuple[str, str]] = {
    "approvals_request_moves": (
        "approvals.ApprovalRequest",
        "UPDATE {} SET state = 'effective', settled_at = now()",
    ),
    "approvals_vote_stays": ("approvals.Vote", "UPDATE {} SET decision = 'reject'"),
    "approvals_votes_stay": ("approvals.Vote", "TRUNCATE {} CASCADE"),
    "ledger_chain_append_only": ("ledger.Chain", "DELETE FROM {}"),
    "ledger_epoch_append_only": ("ledger.Epoch", "DELETE FROM {}"),
    "ledger_event_append_only": ("ledger.Event", "UPDATE {} SET seq = seq + 1"),
    "policies_version_stays": ("policies.PolicyVersion", "UPDATE {} SET number = number + 1"),
    "policies_versions_stay": ("policies.PolicyVersion", "TRUNCATE {} CASCADE"),
    "specs_link_stays": ("specs.Link", "UPDATE {} SET kind = 'mentions'"),
    "specs_proposal_moves": ("specs.Proposal", "UPDATE {} SET state = 'applied'"),
    "specs_revision_stays": ("specs.Revision", "UPDATE {} SET number = number + 1"),
    "specs_version_stays": ("specs.Version", "UPDATE {} SET key = 'REQ-9'"),
}


@dataclass(frozen=True)
class Key:
    model: type[models.Model]
    fields: list[str]
    without_case: list[str]
    is_late: bool = False
    """Asked for at the commit."""


def _keys() -> Iterator[tuple[str, Key]]:
    """All but the first of each table."""
    for model in (model for app in OUR_APPS for model in apps.get_app_config(app).get_models()):
        for field in model._meta.concrete_fields:
            if field.unique and not field.primary_key:
                yield f"{model._meta.db_table}_{field.column}_key", Key(model, [field.name], [])
        for key in model._meta.constraints:
            if isinstance(key, models.UniqueConstraint):
                named = [name for each in key.expressions for name in _names(each)]
                folded = [
                    name
                    for each in key.expressions
                    if isinstance(each, Lower)
                    for name in _names(each)
                ]
                yield key.name, Key(model, [*key.fields, *named], folded, bool(key.deferrable))


def _names(expression: Any) -> Iterator[str]:
    if isinstance(expression, models.F):
        yield str(expression.name)  # type: ignore[attr-defined]
    for within in getattr(expression, "source_expressions", ()):
        yield from _names(within)


KEYS = dict(_keys())


def _sound(model: type[models.Model]) -> Row:
    return OTHERWISE_SOUND.get(model._meta.label, {})


@pytest.fixture
def undone(db):
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize("name", KEYS)
def test_a_second_one_is_refused(name):
    key = KEYS[name]
    model, fields = key.model, {field.name: field for field in key.model._meta.concrete_fields}
    same = {field: any_value(fields[field]) for field in key.fields}
    same |= COUNTS_ONLY.get(name, {}) | dict.fromkeys(key.without_case, "Abc-1")
    put(model, _sound(model) | same)
    same |= dict.fromkeys(key.without_case, "aBC-1")

    def put_another():
        put(model, _sound(model) | same)
        if key.is_late:
            with connection.cursor() as cursor:
                cursor.execute(f"SET CONSTRAINTS {name} IMMEDIATE")

    _refused(name, put_another)


@pytest.mark.usefixtures("undone")
@pytest.mark.parametrize("name", BROKEN)
def test_what_contradicts_itself_is_refused(name):
    label, said = BROKEN[name]
    model = apps.get_model(label)
    _refused(name, lambda: put(model, _sound(model) | said))


@pytest.mark.django_db
@pytest.mark.parametrize("name", REWRITTEN)
def test_what_was_written_stays(name):
    label, statement = REWRITTEN[name]
    model = apps.get_model(label)
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica"
        )  # asks for nothing it leads to
        put(model, _sound(model))
        cursor.execute("SET LOCAL session_replication_role = origin")
        _refused(None, lambda: cursor.execute(statement.format(model._meta.db_table)))


def _refused(constraint, work):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        work()
    cause = refusal.value.__cause__
    assert isinstance(cause, psycopg.Error)
    assert cause.diag.constraint_name == constraint
