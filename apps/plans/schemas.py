"""A plan as it comes from outside."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from apps.common.bodies import Described
from apps.plans.choices import Action, RiskBudget

MOST_CHARACTERS = 2_000_000
MOST_CHANGES = 200
MOST_PATHS = 100

Text = Annotated[str, StringConstraints(max_length=1_000_000)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,49}$")]


class Incoming(Described):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChangeIn(Incoming):
    """What is done to one file. Texts are whole files, to the last character."""

    path: Path
    action: Action
    old: Text | None = None
    """What the file holds now: of an edit, a deletion, and a rename that edits."""
    new: Text | None = None
    """What it shall hold: of a creation, an edit, and a rename that edits."""
    to: Path | None = None
    """Where a rename leads."""

    @model_validator(mode="after")
    def _adds_up(self) -> "ChangeIn":
        given = {name for name in ("old", "new", "to") if getattr(self, name) is not None}
        wanted: tuple[set[str], ...] = {
            Action.CREATE: ({"new"},),
            Action.EDIT: ({"old", "new"},),
            Action.DELETE: ({"old"},),
            Action.RENAME: ({"to"}, {"old", "new", "to"}),
        }[self.action]
        if given not in wanted:
            names = " or ".join(" and ".join(sorted(each)) for each in wanted)
            raise ValueError(f"To {self.action.value} takes {names}, and nothing else.")
        if self.action == Action.EDIT and self.old == self.new:
            raise ValueError("Old and new are the same, so nothing is edited.")
        return self


class PlanIn(Incoming):
    """What shall be reached, where, and by which changes. Without any it is a note."""

    intent: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    context: Text = ""
    target_paths: list[Path] = Field([], max_length=MOST_PATHS)
    changes: list[ChangeIn] = Field([], max_length=MOST_CHANGES)
    patch: Text | None = None
    """The changes as a unified diff instead, with a/ and b/, as `git diff` writes it."""

    @model_validator(mode="before")
    @classmethod
    def _older_names(cls, given: Any) -> Any:
        """`description` and `target_files` are older names."""
        if not isinstance(given, dict):
            return given
        taken = dict(given)
        for older, name in (("description", "intent"), ("target_files", "target_paths")):
            if older in taken:
                if name in taken:
                    raise ValueError(f"{older} is an older name of {name}: give one of them.")
                taken[name] = taken.pop(older)
        return taken

    @model_validator(mode="after")
    def _fits(self) -> "PlanIn":
        if not self.intent.strip():
            raise ValueError("Say in `intent` what shall be reached.")
        if self.changes and self.patch is not None:
            raise ValueError("Give the changes once: as `changes` or as `patch`.")
        texts = [self.intent, self.context, self.patch or ""]
        texts += [text or "" for change in self.changes for text in (change.old, change.new)]
        if sum(map(len, texts)) > MOST_CHARACTERS:
            raise ValueError(f"All texts together have at most {MOST_CHARACTERS:,} characters.")
        return self


class ProposalIn(PlanIn):
    """A plan that may take up an earlier one."""

    follows: UUID | None = None
    """The approval request of an earlier plan: yours, or of an agent of the same owner. One that
    still waits is superseded by this plan."""


class PullIn(PlanIn):
    """A plan, and how its pull request shall be."""

    variant_id: str = Field("v_bal", max_length=20)
    risk_budget: RiskBudget = RiskBudget.MEDIUM
    branch: str = Field("", max_length=250)
    """Empty: one is made of the intent."""
    dry_run: bool = False
    """Only show it: nothing is kept or recorded."""
    draft: bool = True
    labels: list[Label] = Field([], max_length=20)


class PullOptions(Incoming):
    variant_id: str = Field("v_bal", max_length=20)
    branch: str = Field("", max_length=250)
    dry_run: bool = False
    draft: bool = True
    labels: list[Label] = Field([], max_length=20)
