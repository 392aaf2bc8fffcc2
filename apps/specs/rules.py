"""How a proposal may move, what a key looks like, where a part stands among others. Pure."""

from collections.abc import Mapping

from apps.specs.choices import ProposalState as S

_REVIEWED = frozenset(
    {
        *(S.CHANGES_REQUESTED, S.REJECTED, S.EXPIRED, S.WITHDRAWN, S.SUPERSEDED),
        *(S.STALE, S.CONFLICTED, S.APPROVED, S.POLICY_DENIED),
    }
)
LEGAL: Mapping[S, frozenset[S]] = {
    S.DRAFT: frozenset({S.CHECKING, S.WITHDRAWN}),
    S.CHECKING: frozenset({S.POLICY_DENIED, S.INVALID, S.IN_REVIEW, S.APPROVED, S.CONFLICTED}),
    S.IN_REVIEW: _REVIEWED,
    S.STALE: _REVIEWED,
    S.CHANGES_REQUESTED: frozenset({S.SUPERSEDED}),
    S.CONFLICTED: frozenset({S.SUPERSEDED}),
    S.APPROVED: frozenset({S.QUEUED}),
    S.QUEUED: frozenset({S.APPLIED, S.APPLY_FAILED, S.WITHDRAWN}),
    S.APPLIED: frozenset({S.REVERTED}),
}
"""Every other move is refused, also by a trigger in the database."""

OPEN = frozenset({S.IN_REVIEW, S.STALE, S.APPROVED, S.QUEUED})
"""What may still come to be applied."""
REVISED = frozenset({S.APPLIED, S.REVERTED})
"""What became a revision."""
PASSED_THROUGH = frozenset({S.CHECKING, S.APPROVED})
"""Within one transaction: nobody sees a proposal stand there."""


def may_move(before: S, after: S) -> bool:
    """At once, or through states in which nobody sees it."""
    onward = LEGAL.get(before, frozenset())
    return after in onward or any(may_move(step, after) for step in onward & PASSED_THROUGH)
