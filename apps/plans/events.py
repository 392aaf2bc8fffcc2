"""What happens to plans: ids, digests and counts, never what they say.

`plan.created` is called as clients of the streams know it.
"""

from dataclasses import dataclass
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class PlanCreated(Event):
    type = "plan.created"
    plan: UUID
    file: str
    """The name of its artifact."""
    digest: str
    """Of the artifact."""
    state: str
    risk: str
    operations: int
    act: UUID | None
    """The record of the plan as an act."""


@dataclass(frozen=True, kw_only=True)
class PlanDenied(Event):
    """Nothing is kept of the plan but the act that was judged."""

    type = "plans.plan.denied"
    act: UUID | None
    act_digest: str
    reasons: list[str]
    risk: str


@dataclass(frozen=True, kw_only=True)
class PlanReleased(Event):
    type = "plans.plan.released"
    plan: UUID
    file: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class PlanExported(Event):
    """A variant was handed out to be applied: as a pull request in words, or as files."""

    type = "plans.plan.exported"
    plan: UUID
    file: str
    digest: str
    variant: str
    patch_digest: str
