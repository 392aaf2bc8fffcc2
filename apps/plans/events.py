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
    """Its approval was consumed: it can be exported."""

    type = "plans.plan.released"
    plan: UUID
    file: str
    digest: str
    request: UUID


@dataclass(frozen=True, kw_only=True)
class PlanRefused(Event):
    """Its approval will not come."""

    type = "plans.plan.refused"
    plan: UUID
    file: str
    digest: str
    request: UUID
    outcome: str
    """Of the request: denied, expired, changes_requested, cancelled or superseded."""
    because: str


@dataclass(frozen=True, kw_only=True)
class PlanReshaped(Event):
    """It was edited, or narrowed to some of its operations, by who decides on it."""

    type = "plans.plan.reshaped"
    plan: UUID
    file: str
    before: str
    """The digest that its artifact had."""
    digest: str
    operations: int
    rest: UUID | None
    """The plan that what was not accepted has become."""


@dataclass(frozen=True, kw_only=True)
class PlanExported(Event):
    """A variant was handed out to be applied: as a pull request in words, or as files."""

    type = "plans.plan.exported"
    plan: UUID
    file: str
    digest: str
    variant: str
    patch_digest: str
