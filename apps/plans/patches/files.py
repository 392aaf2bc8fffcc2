"""A patch as values: what is done to each file, hunk by hunk."""

from dataclasses import dataclass

from apps.common.diffs.hunks import Hunk
from apps.plans.choices import Action


@dataclass(frozen=True, kw_only=True, slots=True)
class FilePatch:
    action: Action
    path: str
    to: str = ""
    """Where a rename leads."""
    hunks: tuple[Hunk, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, self.to) if self.action == Action.RENAME else (self.path,)

    @property
    def added(self) -> int:
        return sum(line.kind == "+" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        return sum(line.kind == "-" for hunk in self.hunks for line in hunk.lines)
