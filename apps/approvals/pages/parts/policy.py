"""Why the policy asks: each rule that fired, with its file and line, and how risky it is. Where the
policy or the request is another since, what holds now comes first.
"""

from typing import Any

from django.urls import reverse

from apps.accounts.choices import Permission
from apps.approvals.choices import State
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.ports import subjects
from apps.policies.ports import Verdict
from apps.policies.selectors.policies import policy_in_force, text_in_force
from apps.policies.verdicts import shown_verdict, texts_of


def shown(reviewed: Reviewed) -> dict[str, Any]:
    recorded, now = reviewed.explained, _judged_now(reviewed)
    then = recorded.case.verdict if recorded else None
    if now and then and _alike(now, then):
        now = None
    return {
        "rules": [rule for stage in reviewed.told.stages for rule in stage.rules],
        "recorded": _recorded(reviewed),
        "path": recorded.path if recorded else "",
        "now": _now(reviewed, now) if now else None,
        "moved": bool(now and then and now.policy_digest != then.policy_digest),
    }


def _judged_now(reviewed: Reviewed) -> Verdict | None:
    """Of what waits, for those who decide: acts are theirs to see."""
    row, subject = reviewed.row, subjects.get(reviewed.row.subject_kind)
    may_see = reviewed.standing.permits(Permission.DECIDE)
    if row.state != State.PENDING or subject is None or not may_see:
        return None
    return subject.judge(row.subject_id)


def _alike(one: Verdict, other: Verdict) -> bool:
    return (one.policy_digest, one.effect, one.stages, one.risk) == (
        *(other.policy_digest, other.effect, other.stages, other.risk),
    )


def _recorded(reviewed: Reviewed) -> dict[str, Any] | None:
    found = reviewed.explained
    if found is None:
        return None
    texts = [step.text for step in found.steps]
    return shown_verdict(
        found.case.verdict, texts=texts, text_url=_page_of_version(reviewed, found.version)
    )


def _now(reviewed: Reviewed, verdict: Verdict) -> dict[str, Any]:
    workspace = reviewed.row.workspace_id
    return shown_verdict(
        verdict,
        texts=texts_of(verdict, text_in_force(workspace)),
        text_url=_page_of_version(reviewed, policy_in_force(workspace).number),
    )


def _page_of_version(reviewed: Reviewed, number: int) -> str:
    return reverse("admin:policies_version", args=[reviewed.row.workspace_id, number])
