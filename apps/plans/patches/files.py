"""A patch as values: what is done to each file, hunk by hunk. Texts keep every character."""

from dataclasses import dataclass

from apps.plans.choices import Action


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk, without its line feed. `kind` is one of " ", "-" and "+"."""

    kind: str
    text: str
    ended: bool = True
    """False: the file ends here, without a line feed."""


@dataclass(frozen=True, slots=True)
class Hunk:
    old_start: int
    new_start: int
    """As in `@@ -old_start,... +new_start,... @@`: 1 is the first line, and a side without lines
    names the one before."""
    lines: tuple[Line, ...]

    @property
    def old_count(self) -> int:
        return sum(line.kind != "+" for line in self.lines)

    @property
    def new_count(self) -> int:
        return sum(line.kind != "-" for line in self.lines)


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
