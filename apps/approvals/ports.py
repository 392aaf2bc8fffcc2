"""What higher rooms plug into approvals, and the frozen values they are handed.

subjects["plan"] = PlanSubject()      # what can be asked about
channels["email"] = EmailChannel()    # how people are asked, and told what came of it
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from apps.accounts.models import User
from apps.common.actors import Actor
from apps.policies.ports import Verdict


@dataclass(frozen=True, kw_only=True)
class Summary:
    """One line about a subject, for whoever may see its workspace."""

    sentence: str
    """What would change: "Checkout agent edits api/greeting.py"."""
    url: str = ""
    """Its page in the console."""
    size: str = ""
    """How much of what: "3 files, 42 lines"."""
    about: str = ""
    """What is changed, by its title: for who does not know keys or paths by heart."""
    touches: frozenset[str] = frozenset()
    """What it changes, by names of its kind: two that share some are alike."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of something, or its links of one kind, before and after. None: it was not there,
    or will not be."""

    name: str
    before: str | tuple[str, ...] | None
    after: str | tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One of the things that would happen, as it can be accepted by itself."""

    number: int
    verb: str
    target: str
    diff: str = ""
    """Unified, hidden characters spelled out."""
    before: str | None = None
    after: str | None = None
    """Its whole text, where it is known: what is around a difference can be unfolded."""
    fields: tuple[Field, ...] = ()
    """What changes beside a text."""
    needs: tuple[int, ...] = ()
    """Operations without which this one would dangle."""


@dataclass(frozen=True, kw_only=True)
class Affected:
    """Something that depends on what would change, or is on the way there."""

    key: str
    label: str
    kind: str
    how: str
    """Of what it follows from: "verifies", "touches the same file"."""
    of: str = ""
    """The key of that. Empty: the change itself."""
    url: str = ""
    is_alike: bool = False
    """It follows from nothing that changes: it only says something like it."""


@dataclass(frozen=True, kw_only=True)
class Editable:
    """A text that can be changed while approving: it is sent as `edits`, under its name."""

    name: str
    label: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Something that was changed otherwise meanwhile, so that the change does not fit any more."""

    target: str
    field: str
    message: str
    base: str
    """What stood there when it was proposed."""
    theirs: str
    """What stands there now."""
    ours: str
    """What would stand there."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What would happen, whole: rendered from what would be applied, never from prose about it."""

    digest: str
    operations: tuple[Operation, ...]
    checks: tuple[Mapping[str, Any], ...] = ()
    """What was checked, and what came out: {"name", "passed", "text"}."""
    rationale: str = ""
    """What whoever proposed it says, shown as theirs."""
    editable: tuple[Editable, ...] = ()
    """Empty: it is decided on as it is."""
    conflicts: tuple[Conflict, ...] = ()
    beside: tuple[Affected, ...] = ()
    """What else waits, and would change the same."""


@dataclass(frozen=True, kw_only=True)
class Reshaped:
    """A subject after somebody changed it under review."""

    digest: str
    verdict: Verdict
    rest: UUID | None = None
    """The subject that what was not accepted has become."""
    rest_verdict: Verdict | None = None
    of_editor: Verdict | None = None
    """What the policy would say if it were proposed by who edited it. None: nobody asked."""


class Subject(Protocol):
    """A kind of thing that can be asked about. It lives in another room, and asks its database."""

    label: str
    """As people call it: "Plan"."""

    def summaries(self, ids: Collection[UUID]) -> Mapping[UUID, Summary]:
        """In a query or two for all of them. One that is gone is left out."""

    def change(self, subject_id: UUID) -> Change:
        """Raises NotFound when it is gone."""

    def impact(self, subject_id: UUID, *, actor: Actor) -> Sequence[Affected]:
        """What else depends on it, as far as the actor may see that. It is asked when somebody
        wants to know, and may take a second or two."""

    def digest(self, subject_id: UUID) -> str | None:
        """Of its content and what it is based on, as it is now. None: it is gone."""

    def judge(self, subject_id: UUID, *, by: UUID | None = None) -> Verdict | None:
        """What the policy that holds now says to it, or would say if somebody else had proposed it
        (`by`). None: it, or whoever that is, is gone."""

    def reshape(
        self,
        subject_id: UUID,
        *,
        actor: Actor,
        edits: Mapping[str, Any] | None = None,
        operations: Sequence[int] | None = None,
    ) -> Reshaped:
        """Change it (`edits`) or narrow it to some of its operations. It is called in the unit of
        work of the vote. Raises NotReshapable, or OperationsUnknown naming what would dangle."""


subjects: dict[str, Subject] = {}
"""By the kind of a request's subject."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a card says of a request now."""

    key: str
    """Another one for each thing that is said, and the same when it is said again after a crash."""
    request: UUID
    workspace: str
    state: str
    because: str
    label: str
    sentence: str
    proposer: str
    risk: str
    view_digest: str
    due_at: datetime | None
    expires_at: datetime | None
    changed: bool = False
    """It is another view than the one this person was shown before."""
    reminder: bool = False
    review_by: datetime | None = None
    """Until when somebody has to look at what took effect before anybody decided."""
    decided_by: str = ""
    """The name of who decided."""
    decided_via: str = ""
    decided_at: datetime | None = None
    link: str = ""
    """Signed, for this person: it opens the console and decides nothing."""


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of a card that was delivered or rewritten."""

    reference: str = ""
    """By which the channel finds it again: the id of a mail or a chat message."""


class Channel(Protocol):
    """Where somebody is told without looking. It is called from a task, never inside a
    transaction."""

    label: str
    edits: bool
    """A card is rewritten where it stands. Otherwise another message follows it, with which nobody
    is told what they decided themselves."""
    alarms: bool
    """Nobody is asked here: it tells once, also in quiet hours, that somebody acted before the
    others had decided."""

    def wanted_by(self, people: Collection[User]) -> set[UUID]:
        """Which of these are asked here at all."""

    def deliver(self, person: User, told: Told, *, reference: str) -> Delivered:
        """Shows the card, or rewrites the one with this reference. It raises when it cannot, and
        is then tried again later."""


channels: dict[str, Channel] = {}


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """Whether what was allowed may be acted on, in the unit of work that asked."""

    ok: bool
    because: str = ""
    already: bool = False
    """It was consumed before: the effect is there."""
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
