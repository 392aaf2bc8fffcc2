"""What people decided of the like before: requests of the same kind in the same workspace that
touch the same, or that the same rules asked about for the same proposer.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from apps.approvals.models.requests import ApprovalRequest, Stage
from apps.approvals.ports import Summary
from apps.approvals.selectors.records import BY_PEOPLE
from apps.approvals.selectors.subjects import summaries_of
from apps.common.actors import Actor
from apps.common.texts.hidden import spelled_out

COMPARED = 100
"""The latest decisions."""
SHOWN = 5
TOUCHES, RULES, PROPOSER, RISK = 4, 2, 1, 1
"""What each weighs."""


@dataclass(frozen=True, kw_only=True)
class Similar:
    request: ApprovalRequest
    sentence: str
    shared: tuple[str, ...]
    """What both touch."""
    same_proposer: bool
    score: float


def similar_to(request: ApprovalRequest, actor: Actor) -> list[Similar]:
    """What is most alike first."""
    decided = ApprovalRequest.objects.visible_to(actor).filter(
        workspace_id=request.workspace_id,
        subject_kind=request.subject_kind,
        because__in=BY_PEOPLE,
        settled_at__isnull=False,
    )
    rows = list(decided.exclude(id=request.id).order_by("-id")[:COMPARED])
    if not rows:
        return []
    told = summaries_of([request, *rows])
    rules = _rules_of([request, *rows])
    found = [_compared(request, row, told, rules) for row in rows if row.subject_id in told]
    alike = [each for each in found if each is not None]
    alike.sort(key=lambda each: (each.score, each.request.id), reverse=True)
    return alike[:SHOWN]


def _compared(
    request: ApprovalRequest,
    other: ApprovalRequest,
    told: Mapping[UUID, Summary],
    rules: Mapping[UUID, Collection[str]],
) -> Similar | None:
    """None: they have nothing in common that would tell anything."""
    empty = Summary(sentence="")
    touches, others = (told.get(each.subject_id, empty).touches for each in (request, other))
    shared = touches & others
    asked, asked_then = (frozenset(rules.get(each.id, ())) for each in (request, other))
    same_proposer = request.proposer_id == other.proposer_id
    if not shared and not (asked & asked_then and same_proposer):
        return None
    score = (
        TOUCHES * _likeness(touches, others)
        + RULES * _likeness(asked, asked_then)
        + PROPOSER * same_proposer
        + RISK * (1 - abs(request.risk_score - other.risk_score) / 100)
    )
    return Similar(
        request=other,
        sentence=told[other.subject_id].sentence,
        shared=tuple(sorted(map(spelled_out, shared))),
        same_proposer=same_proposer,
        score=score,
    )


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0, nothing in common, to 1, the same."""
    return len(one & other) / len(one | other) if one or other else 0.0


def _rules_of(requests: Collection[ApprovalRequest]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    stages = Stage.objects.filter(request__in=[request.id for request in requests]).current()
    for request_id, rules in stages.values_list("request_id", "rules"):
        found.setdefault(request_id, set()).update(rules)
    return found
