"""Drafts as those see them who decide on the change. Who may see them, approvals has asked."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from apps.policies.choices import DraftState
from apps.policies.models.policies import Policy, PolicyDraft
from apps.policies.selectors.policies import built_in_text, changed_lines, diff


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
