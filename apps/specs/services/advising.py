"""Checks that take their time: they ask a model, come after the answer, and change no state."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from uuid import UUID

from apps.approvals.selectors.requests import pending_about
from apps.common.actors import SYSTEM
from apps.inference.errors import BudgetSpent
from apps.inference.services.embedding import embed
from apps.ledger.services import record, unit
from apps.specs import events
from apps.specs.changes.values import NodeState
from apps.specs.checks.findings import Finding
from apps.specs.choices import KIND, NodeKind, Severity, Status
from apps.specs.language.likeness import says_the_same
from apps.specs.models.graph import Version
from apps.specs.models.proposals import Proposal
from apps.specs.rules import OPEN
from apps.specs.search.passages import passages_of
from apps.specs.search.ports import current_backend
from apps.specs.search.statement import Scope
from apps.specs.selectors.proposals import held
from apps.specs.services.indexing import embed_passages, keep_passages
from apps.specs.services.relating import like, said_anew

LIKENESS = "likeness"
PURPOSE = "likeness of requirements"
MOST = 50
"""Nodes of a proposal that are looked at."""
COMPARED = 5
"""Specs that each of them is compared with: the closest."""
DEMANDING = frozenset({*NodeKind} - {NodeKind.SPEC, NodeKind.SECTION, NodeKind.TASK, NodeKind.TEST})


def advise_on_likeness(*, proposal_id: UUID, workspace: UUID) -> None:
    """Whether something demands already what it would demand anew. Never inside a unit of work.
    Raises ModelAway, BackendAway."""
    found = Proposal.objects.filter(id=proposal_id, workspace=workspace).first()
    if found is None or not current_backend().embeds:
        return
    with suppress(BudgetSpent):
        _advise(found, [finding.kept() for finding in _repeated(found)])


def _advise(proposal: Proposal, advice: list[dict[str, object]]) -> None:
    with unit(actor=SYSTEM, workspace=proposal.workspace_id):
        now = next(iter(held(id_=proposal.id)), None)
        # What has moved meanwhile is looked at once more, because of that.
        if now is None or now.state not in OPEN or now.content_digest != proposal.content_digest:
            return
        if now.advice == advice:
            return
        Proposal.objects.filter(id=now.id).update(advice=advice)
        request = pending_about(kind=KIND, subjects=[now.id]).get(now.id)
        record(
            events.ProposalAdvised(
                proposal=now.id,
                digest=now.content_digest,
                request=request.id if request else None,
                findings=len(advice),
            )
        )


def _repeated(proposal: Proposal) -> Iterator[Finding]:
    nodes = [
        node
        for node in said_anew(proposal)
        if node.kind in DEMANDING and node.status != Status.RETIRED
    ][:MOST]
    if not nodes:
        return
    texts = {node.id: passages_of(node.title, node.body)[0] for node in nodes}
    with unit(actor=SYSTEM, workspace=proposal.workspace_id):
        ids = keep_passages(proposal.workspace_id, set(texts.values()))
    while embed_passages(proposal.workspace_id, ids=ids.values()):
        pass
    scope = Scope(
        workspace=proposal.workspace_id,
        kinds=sorted(DEMANDING),
        statuses=[Status.DRAFT, Status.ACTIVE],
        apart_from=proposal.touches,
    )
    for node in nodes:
        close = [one.hit.version.id for one in like([texts[node.id]], scope, COMPARED)]
        for other in _same(node, [*Version.objects.filter(id__in=close)], proposal):
            yield _finding(node, other)


def _same(node: NodeState, others: Sequence[Version], proposal: Proposal) -> Iterator[Version]:
    """Their titles say what they are about; what they demand is compared."""
    if not others:
        return
    said = [_demanding(node), *map(_demanding, others)]
    answered = embed(said, purpose=PURPOSE, workspace=proposal.workspace_id, actor=SYSTEM)
    mine, *theirs = answered.vectors
    for other, text, vector in zip(others, said[1:], theirs, strict=True):
        closeness = sum(a * b for a, b in zip(mine, vector, strict=True))
        if says_the_same(said[0], text, closeness):
            yield other


def _demanding(said: NodeState | Version) -> str:
    return said.body if said.body.strip() else said.title


def _finding(node: NodeState, other: Version) -> Finding:
    quoted = " ".join(_demanding(other).split())[:200]
    return Finding(
        check=LIKENESS,
        severity=Severity.ADVICE,
        message=f"{other.key} says the same already: “{quoted}”",
        key=node.key,
        field="body" if node.body.strip() else "title",
        fix=f"Change {other.key} instead, link the two, or retire one of them.",
    )
