"""What happens to policies, and what was judged by them. Acts stand here as digests.

`obs.*`, `policy.reload` and `policy.apply` are called as clients of the streams know them.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from apps.common.events import Event


@dataclass(frozen=True, kw_only=True)
class PolicyApplied(Event):
    """A draft was released, or a text applied: from now on this version holds."""

    type = "policy.apply"
    sentence = "{actor} released version {number} of {workspace}'s policy"
    version: UUID
    number: int
    before: int
    """0: the built-in policy."""
    digest: str
    rules: int
    origin: str
    act: UUID | None
    """The record of the change as an act, and its digest."""
    act_digest: str
    overruled: bool
    """An operator did it although the policy before would have denied it."""
    solo_opt_out: bool
    """In it, whoever is the only person may decide on their own acts."""


@dataclass(frozen=True, kw_only=True)
class PolicyReloaded(Event):
    """A file of the workspace's policy folder was loaded. `number` is what holds now."""

    type = "policy.reload"
    sentence = "{actor} loaded version {number} of {workspace}'s policy from {path}"
    version: UUID
    number: int
    before: int
    digest: str
    rules: int
    loaded_at: datetime
    path: str
    act: UUID | None
    act_digest: str
    overruled: bool
    solo_opt_out: bool


@dataclass(frozen=True, kw_only=True)
class PolicyReloadRefused(Event):
    """The file that is followed has changed into something that cannot hold. What held, holds."""

    type = "policies.reload.refused"
    sentence = "{path} does not hold a policy that {workspace} can follow"
    path: str
    digest: str
    because: str
    faults: int


@dataclass(frozen=True, kw_only=True)
class PolicyDrafted(Event):
    type = "policies.draft.created"
    sentence = "{actor} began a draft of {workspace}'s policy"
    draft: UUID
    digest: str
    base: int
    origin: str


@dataclass(frozen=True, kw_only=True)
class PolicyDraftChanged(Event):
    type = "policies.draft.changed"
    sentence = "{actor} changed a draft of {workspace}'s policy"
    draft: UUID
    digest: str


@dataclass(frozen=True, kw_only=True)
class PolicyDraftDiscarded(Event):
    type = "policies.draft.discarded"
    sentence = "{actor} discarded a draft of {workspace}'s policy"
    draft: UUID


@dataclass(frozen=True, kw_only=True)
class ActDenied(Event):
    type = "policies.act.denied"
    sentence = "The policy of {workspace} denied {actor} something: {reasons}"
    act: UUID
    act_digest: str
    kind: str
    reasons: list[str]
    risk: str
    policy_digest: str
    policy_source: str


@dataclass(frozen=True, kw_only=True)
class ActErased(Event):
    type = "policies.act.erased"
    sentence = "{actor} erased what an act in {workspace} had said"
    act: UUID
    act_digest: str
    reason: str = ""
    """What whoever erased it wrote for everybody to read."""


@dataclass(frozen=True, kw_only=True)
class ActsForgotten(Event):
    """They were past their retention, or their workspace was deleted."""

    type = "policies.acts.forgotten"
    sentence = "{count} recorded acts of {workspace} were forgotten"
    count: int


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Somebody acted: how long it took, and whether policy let them."""

    act: UUID
    act_digest: str
    latency_ms: int
    ok: bool
    action_type: str


@dataclass(frozen=True, kw_only=True)
class ActObserved(Observed, Event):
    type = "obs.act"
    sentence = "{actor} acted: {action_type}"


@dataclass(frozen=True, kw_only=True)
class TurnObserved(Observed, Event):
    type = "obs.turn"
    sentence = "{actor} took a turn"


@dataclass(frozen=True, kw_only=True)
class PlanObserved(Observed, Event):
    type = "obs.plan"
    sentence = "{actor} made a plan"


@dataclass(frozen=True, kw_only=True)
class KillSwitchTurned:
    """`reason` is what an operator or manager wrote for everybody to read."""

    scope: str
    """ "everything" or "workspace"."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class KillSwitchPulled(KillSwitchTurned, Event):
    """From its commit on no effect begins."""

    type = "policies.switch.pulled"
    sentence = "{actor} pulled the kill switch ({scope}): {reason}"


@dataclass(frozen=True, kw_only=True)
class KillSwitchReleased(KillSwitchTurned, Event):
    type = "policies.switch.released"
    sentence = "{actor} released the kill switch ({scope}): {reason}"
