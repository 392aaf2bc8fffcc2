"""What requests are about, as the rooms say to which it belongs. What names it is spelled out here,
so that no part of a page has to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from uuid import UUID

from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.ports import Affected, Change, Operation, Summary, subjects
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.common.texts.hidden import spelled_out

GONE = "What this was about is not there any more."


def summaries_of(requests: Iterable[ApprovalRequest]) -> Mapping[UUID, Summary]:
    """By their subjects; one that is gone is left out."""
    by_kind: dict[str, set[UUID]] = {}
    for request in requests:
        by_kind.setdefault(request.subject_kind, set()).add(request.subject_id)
    found: dict[UUID, Summary] = {}
    for kind, ids in by_kind.items():
        if kind in subjects:
            found.update(subjects[kind].summaries(ids))
    return {id_: replace(told, sentence=spelled_out(told.sentence)) for id_, told in found.items()}


def label_of(request: ApprovalRequest) -> str:
    subject = subjects.get(request.subject_kind)
    return subject.label if subject else request.subject_kind


def change_of(request: ApprovalRequest) -> Change | None:
    """None: it is gone, or the room it belonged to is."""
    subject = subjects.get(request.subject_kind)
    try:
        change = subject.change(request.subject_id) if subject else None
    except NotFound:
        return None
    return change and replace(change, operations=tuple(map(_named_plainly, change.operations)))


def impact_of(request: ApprovalRequest, actor: Actor) -> list[Affected]:
    """What else depends on it, as far as they may see that."""
    subject = subjects.get(request.subject_kind)
    return [
        replace(each, label=spelled_out(each.label), how=spelled_out(each.how))
        for each in (subject.impact(request.subject_id, actor=actor) if subject else ())
    ]


def _named_plainly(operation: Operation) -> Operation:
    return replace(operation, target=spelled_out(operation.target))
