"""What the agent thinks of: a proposal, why it makes it, and what it does when people disagree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Operation = dict[str, Any]
"""As POST /api/v1/mutations takes it."""

Later = Literal["", "revise", "withdraw", "revert"]


@dataclass(frozen=True, kw_only=True)
class Idea:
    name: str
    """Different from all others: the notebook goes by it."""
    title: str
    why: str
    operations: tuple[Operation, ...]
    meets: str = "in_review"
    """The state it was written for, once it is proposed to specs as they were seeded."""
    better: "Idea | None" = None
    """What takes its place where people reject it or ask for changes, where the policy or a check
    does not let it pass, and where somebody was faster. None: it is let go."""
    later: Later = ""
    """What the agent does to it of its own accord, after a while: puts `better` in its place,
    takes it back, or undoes it once it was applied."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """To questions in which the word stands."""

    @property
    def sent(self) -> dict[str, Any]:
        return {"title": self.title, "rationale": self.why, "operations": list(self.operations)}

    def answer_to(self, question: str) -> str:
        asked = question.casefold()
        return next((said for word, said in self.answers.items() if word in asked), self.why)


def edit(target: str, old: str, new: str, **more: Any) -> Operation:
    return {"op": "edit", "target": target, "old": old, "new": new, **more}


def body(target: str, text: str) -> Operation:
    return {"op": "edit", "target": target, "body": text}


def update(target: str, **changes: Any) -> Operation:
    return {"op": "update", "target": target, "changes": changes}


def attribute(target: str, name: str, value: Any) -> Operation:
    return {"op": "set", "target": target, "attribute": name, "value": value}


def delete(target: str) -> Operation:
    return {"op": "delete", "target": target}


def link(target: str, kind: str, to: str) -> Operation:
    return {"op": "link", "target": target, "kind": kind, "to": to}


def unlink(target: str, kind: str, to: str) -> Operation:
    return {"op": "unlink", "target": target, "kind": kind, "to": to}


def create(kind: str, title: str, text: str, *links: tuple[str, str], **more: Any) -> Operation:
    made = {"op": "create", "kind": kind, "title": title, "body": text, **more}
    return made | {"links": [{"kind": kind, "target": to} for kind, to in links]}
