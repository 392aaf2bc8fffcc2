"""Who may enter the review console, and what they still have to show."""

from typing import Any

from django.http import HttpRequest

from apps.accounts.choices import Permission
from apps.accounts.models import User, Workspace
from apps.accounts.selectors.standing import standing_of


def person(request: HttpRequest) -> User:
    """Whoever is logged in, where somebody must be."""
    assert isinstance(request.user, User)  # noqa: S101
    return request.user


def may_enter(user: Any) -> bool:
    """Operators, and people who review or manage in some workspace (`is_staff` follows their
    roles). Never an agent."""
    return bool(user.is_authenticated and user.is_active and user.is_staff and not user.is_agent)


def permits(request: HttpRequest, workspace: Workspace, permission: Permission) -> bool:
    """Whether a button would be allowed; the service decides again."""
    standing = standing_of(actor=person(request), workspace_id=workspace.id)
    if standing is None or (standing.archived and permission != Permission.READ):
        return False
    return standing.permits(permission)
