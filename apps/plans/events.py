"""What happens to plans: ids, digests and counts, never what they say.

`plan.created` is called as clients of the streams know it.
"""

from dataclasses import dataclass
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class PlanCreated(Event):
    type = "plan.created"
    sentence = "{actor} proposed a plan in {workspace}: {file}"
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
    sentence = "The policy of {workspace} denied a plan of {actor}'s: {reasons}"
    act: UUID | None
    act_digest: str
    reasons: list[str]
    risk: str


@dataclass(frozen=True, kw_only=True)
class PlanReleased(Event):
    """Its approval was consumed: it can be exported."""

    type = "plans.plan.released"
    sentence = "The plan {file} in {workspace} was approved, and can be exported"
    plan: UUID
    file: str
    digest: str
    request: UUID


@dataclass(frozen=True, kw_only=True)
class PlanRefused(Event):
    """Its approval will not come."""

    type = "plans.plan.refused"
    sentence = "The plan {file} in {workspace} was not approved: {outcome}"
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
    sentence = "{actor} changed the plan {file} under review in {workspace}"
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
    sentence = "{actor} exported the plan {file} from {workspace}"
    plan: UUID
    file: str
    digest: str
    variant: str
    patch_digest: str
