"""What the console's pages about a workspace's policy have in common.

They are pages of their own, not change views: what writes here calls a service, which begins a
unit of work of its own.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.accounts.choices import Permission, Role
from apps.accounts.pages import page
from apps.accounts.ports import Standing
from apps.policies.errors import PolicyInvalid
from apps.policies.models.policies import PolicyDraft
from apps.policies.selectors import policies as read
from apps.policies.services.versions import Checked, check_policy


@dataclass(frozen=True)
class Rights:
    """Why a button does nothing for this person; empty: it does. Services decide again."""

    write: str = ""
    release: str = ""
    decide: str = ""
    manage: str = ""

    @classmethod
    def of(cls, standing: Standing) -> "Rights":
        if standing.archived:
            why = "The workspace is archived: it can be read, and nothing in it changes."
            return cls(write=why, release=why, decide=why, manage=why)
        role = f"Your role here is {standing.role}"

        def unless(permission: Permission, needed: str) -> str:
            return "" if standing.permits(permission) else f"{role}: {needed}."

        return cls(
            write=unless(Permission.WRITE, "drafts need at least a contributor"),
            release=""
            if standing.role == Role.OWNER
            else f"{role}: only an owner of the workspace releases its policy.",
            decide=unless(Permission.DECIDE, "a replay needs at least a reviewer"),
            manage=unless(Permission.MANAGE_WORKSPACE, "this needs an admin or an owner"),
        )


class WorkspacePage(page.WorkspacePage):
    @cached_property
    def rights(self) -> Rights:
        return Rights.of(self.standing)

    @property
    def scope(self) -> dict[str, Any]:
        """Whose and where, as selectors ask it."""
        return {"workspace_id": self.workspace.id, "actor": self.me}

    def url(self, page: str, *args: Any) -> str:
        return page_url(page, self.workspace.id, *args)

    def draft(self, draft_id: UUID) -> PolicyDraft:
        return read.draft(draft_id=draft_id, **self.scope)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**{"rights": self.rights, **kwargs})


def page_url(page: str, workspace_id: UUID, *args: Any) -> str:
    return reverse(f"admin:policies_{page}", args=[workspace_id, *args])


def check(text: str) -> tuple[Checked | None, PolicyInvalid | None]:
    try:
        return check_policy(text), None
    except PolicyInvalid as error:
        return None, error
