"""What other rooms hand to the engine and get from it. Frozen, and the same for every door."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson

from apps.common.actors import Actor
from apps.policies.choices import ActKind, Considered, Effect, Finding, Reason, RiskLevel, Verb


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing an act would do. A move or rename is judged by both of its paths."""

    verb: Verb
    target: str = ""
    """A name for people: a spec's key, a tool's or plugin's name."""
    node_kind: str = ""
    paths: tuple[str, ...] = ()
    """As the caller wrote them. The engine resolves them before it judges."""
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Act:
    """What somebody would do, whole: every path, every text, every operation."""

    kind: ActKind
    operations: tuple[Operation, ...]
    texts: Mapping[str, str] = field(default_factory=dict)
    """Every text that comes with it, by the name of its field: scanned to the last character."""
    diff_lines: int = 0
    """Lines added and removed."""
    impact: int = 0
    """How many other things depend on what it touches."""


@dataclass(frozen=True, kw_only=True)
class Performer:
    """Who would do it, and on whose behalf."""

    id: UUID
    kind: str
    """ "person", "agent" or "system"."""
    role: str = ""
    lineage: tuple[UUID, ...] = ()
    """Whoever delegated to it, the nearest first."""
    tier: str = ""


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What else a verdict depends on, handed in so that the engine stays pure."""

    at: datetime
    acts_last_hour: int = 0
    acts_last_day: int = 0
    spent_today_cents: int = 0
    people: int = 2
    """How many people of the workspace may decide."""
    stopped: str = ""
    """Why nothing may take effect now: what was said when the kill switch was pulled."""


@dataclass(frozen=True, kw_only=True)
class RegoVerdict:
    """What Rego said, asked before the transaction. Anything but a plain yes is a no."""

    allowed: bool
    source: str
    """Whom it was asked of: "embedded" or "remote"."""
    why: str
    input_digest: str
    """Of what was asked: the verdict counts for exactly that."""


@dataclass(frozen=True, kw_only=True)
class Denial:
    """One thing that speaks against an act, and where."""

    reason: Reason
    message: str
    field: str = ""
    rule: str = ""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Something the gate found in a text."""

    finding: Finding
    pattern: str
    field: str
    line: int
    column: int
    excerpt: str = ""
    """A few characters, never of a secret; hidden characters are spelled out."""


@dataclass(frozen=True, kw_only=True)
class RiskPart:
    factor: str
    points: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Risk:
    score: int
    level: RiskLevel
    parts: tuple[RiskPart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One step of an escalation."""

    after_minutes: int
    to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One round of approval that an act needs before it may take effect."""

    name: str
    quorum: int
    roles: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    due_minutes: int | None = None
    expires_minutes: int | None = None
    business_hours: bool = False
    escalate_to: tuple[str, ...] = ()
    """Everybody whom the escalation names."""
    escalation: tuple[Rung, ...] = ()
    rules: tuple[str, ...] = ()
    """The rules that ask for it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One rule or gate that was considered, and what became of it."""

    name: str
    considered: Considered
    why: str
    line: int = 0
    """In the policy's text; 0 for gates that stand in no line."""
    file: str = ""
    rule: bool = False
    """A rule of the policy, not one of its gates or its default."""
    effect: Effect | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    effect: Effect
    risk: Risk
    denials: tuple[Denial, ...] = ()
    stages: tuple[Stage, ...] = ()
    trace: tuple[Step, ...] = ()
    hits: tuple[Hit, ...] = ()
    policy_digest: str = ""
    policy_source: str = ""
    """Which text judged: "workspace v12", "files", "default"."""
    input_digest: str = ""
    excluded: tuple[UUID, ...] = ()
    """Who may not decide on it: separation of duties along the lineage."""
    record: UUID | None = None
    """Where it is kept, to be explained later. None: it was only weighed."""

    @property
    def denied(self) -> bool:
        return self.effect == Effect.DENY

    def as_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return plain


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What something waits for, as answers about it say. Approvals, a higher room, know more."""

    id: UUID
    state: str
    outcome: str | None
    """What whoever waits is told in the end. None: it is not certain yet."""
    because: str
    view_digest: str
    excluded: frozenset[UUID] = frozenset()
    """Who does not decide on it."""

    def as_json(self) -> dict[str, Any]:
        return {
            "id": str(self.id),
            "state": self.state,
            "outcome": self.outcome,
            "view_digest": self.view_digest,
        }


class PolicyChanges(Protocol):
    """How people are asked about a change of a policy. A draft has one request that is open."""

    def ask(
        self, *, draft: UUID, content: str, verdict: Verdict, actor: Actor, workspace: UUID
    ) -> Approval:
        """In the unit of work that holds the draft. Refused where nobody could decide."""

    def about(self, draft: UUID) -> Approval | None:
        """The newest."""

    def cancel(self, *, draft: UUID, actor: Actor) -> None:
        """What people were asked about is something else now."""


policy_changes: list[PolicyChanges] = []
"""Filled by approvals, once."""

Spending = Callable[[UUID, UUID, datetime], int]
"""Given a workspace, a performer and since when: how many cents it has spent."""

spending: list[Spending] = []
"""For rooms that spend money on somebody's behalf; their figures add up. There is none yet, so
nobody has spent anything."""
