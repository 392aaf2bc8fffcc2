"""Drafts as those see them who decide on the change. Who may see them, approvals has asked."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from uuid import UUID

from apps.policies.choices import DraftState
from apps.policies.models.policies import Policy, PolicyDraft
from apps.policies.selectors.policies import built_in_text, changed_lines, diff

_NAMED = re.compile(r"(\w+):|\s*-\s+name:\s*(\S.*)")
"""A setting, or a rule in its list."""


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    draft: PolicyDraft
    base: UUID | None
    """The version that holds now."""
    before: str

    @property
    def stands(self) -> bool:
        return self.draft.state == DraftState.OPEN

    @property
    def diff(self) -> str:
        return diff(self.before, self.draft.text, names=("current", "draft"))

    @property
    def lines(self) -> int:
        return changed_lines(self.before, self.draft.text)

    @property
    def parts(self) -> frozenset[str]:
        """Names of the rules and settings in which a line is another one, comes or goes."""
        before, after = self.before.splitlines(), self.draft.text.splitlines()
        found: set[str] = set()
        for kind, start, end, begin, stop in SequenceMatcher(a=before, b=after).get_opcodes():
            if kind != "equal":
                found |= {_part(before, at) for at in range(start, end)}
                found |= {_part(after, at) for at in range(begin, stop)}
        return frozenset(found - {""})


def policy_changes_among(drafts: Collection[UUID]) -> dict[UUID, PolicyChange]:
    """By the id of the draft, in two queries."""
    found = list(PolicyDraft.objects.filter(id__in=drafts))
    held = Policy.objects.filter(workspace__in={draft.workspace_id for draft in found})
    texts = {
        workspace: (version, text)
        for workspace, version, text in held.values_list(
            "workspace_id", "current_id", "current__text"
        )
    }
    changes = {}
    for draft in found:
        base, text = texts.get(draft.workspace_id, (None, None))
        before = built_in_text() if text is None else text
        changes[draft.id] = PolicyChange(draft=draft, base=base, before=before)
    return changes


def _part(lines: Sequence[str], at: int) -> str:
    """Of what a line is. An empty or a commented one is of nothing."""
    if not lines[at].partition("#")[0].strip():
        return ""
    named = (_NAMED.match(line) for line in reversed(lines[: at + 1]))
    found = next((match for match in named if match), None)
    return (found[1] or found[2]).strip(" '\"") if found else ""
