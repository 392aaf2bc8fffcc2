"""What the checks and the policy that holds now say to a proposal."""

from collections.abc import Sequence, Set
from dataclasses import replace
from uuid import UUID

from apps.accounts.choices import Role
from apps.policies.choices import Effect
from apps.policies.ports import Stage, Verdict
from apps.policies.services.judging import scales_of
from apps.specs.changes.touching import changed_by, touched_by
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import run_checks
from apps.specs.choices import CARRIES, MUTUAL, Severity
from apps.specs.models.proposals import Proposal
from apps.specs.selectors.impact import impact_of
from apps.specs.selectors.kinds import kinds_of
from apps.specs.selectors.prospects import Prospect, title_of
from apps.specs.selectors.reaching import PresentReach

MOST_IMPACT = 1000
"""So many nodes are counted that depend on what is changed."""


def checked(prospect: Prospect, workspace: UUID) -> tuple[Finding, ...]:
    """What conflicts is not checked: nobody knows yet what it would be."""
    if prospect.played is None:
        return ()
    kinds = kinds_of(workspace)
    return run_checks(
        Checked(
            operations=prospect.operations,
            before=prospect.before,
            after=prospect.played.after,
            schemas={name: kind.schema for name, kind in kinds.items() if kind.schema},
            reach=PresentReach(workspace),
        )
    )


def errors_in(findings: Sequence[Finding]) -> list[str]:
    """The checks that found some."""
    return sorted({each.check for each in findings if each.severity == Severity.ERROR})


def impact_on(prospect: Prospect, workspace: UUID) -> int:
    """How many other nodes depend on what it changes."""
    standing = touched_by(prospect.operations) & prospect.before.nodes.keys()
    if _stand_alone(standing, prospect):
        return 0
    return len(impact_of(standing, workspace, most=MOST_IMPACT))


def _stand_alone(nodes: Set[UUID], prospect: Prospect) -> bool:
    """Whether it is known already that nothing depends on them: of what is changed in more than its
    links, all of these are at hand."""
    return nodes <= changed_by(prospect.operations) and not any(
        link.target in nodes or (link.kind in MUTUAL and link.source in nodes)
        for link in prospect.before.links
        if link.kind in CARRIES
    )


def verdict_now(
    proposal: Proposal, prospect: Prospect, *, by: UUID | None = None
) -> Verdict | None:
    """As whoever proposed it, or as if somebody else had (`by`). None: they are not here any
    more."""
    scales = scales_of(
        proposer=by or proposal.proposer_id,
        workspace=proposal.workspace_id,
        at=proposal.submitted_at,
    )
    if scales is None:
        return None
    impact = impact_on(prospect, proposal.workspace_id)
    verdict = scales.weigh(
        prospect.act(title_of(proposal, prospect), proposal.rationale, impact=impact)
    )
    return asking(verdict) if proposal.asks_people else verdict


def asking(verdict: Verdict) -> Verdict:
    """For a proposal that asks people: where the policy asks nobody, one reviewer."""
    if verdict.effect != Effect.ALLOW:
        return verdict
    stage = Stage(name="review", quorum=1, roles=(Role.REVIEWER,))
    return replace(verdict, effect=Effect.REQUIRE, stages=(stage,))
