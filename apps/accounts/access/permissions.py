"""Who may pass: a scope of the credential, and a permission of the role in the workspace.

    permission_classes = [requires(Permission.WRITE)]    # in the workspace of the call
    permission_classes = [signed_in(Scope.MANAGE)]       # about oneself, whatever the workspace

Both ask for reading alone when the method is safe, unless `reading=` names more.

Inside a view, `standing(request)` says which workspace the call is about and as what.
"""

from typing import TYPE_CHECKING
from uuid import UUID

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.accounts.choices import Permission, Scope
from apps.accounts.errors import MissingApiKey, NotYourWorkspace, ScopeMissing
from apps.accounts.models import User
from apps.accounts.ports import Credential, Standing
from apps.accounts.rules import SCOPE_FOR
from apps.accounts.selectors.standing import require_permission, require_person, workspace_for
from apps.common import context

if TYPE_CHECKING:  # DRF reads its default permission while it defines APIView
    from rest_framework.views import APIView


def caller(request: Request) -> User:
    user = request.user
    if not isinstance(user, User):
        raise MissingApiKey
    return user


def credential(request: Request) -> Credential:
    proved = request.auth
    if not isinstance(proved, Credential):
        raise MissingApiKey
    return proved


def standing(request: Request) -> Standing:
    """Resolved once a request: X-Workspace-Id, else the credential's, else the person's default."""
    found: Standing | None = getattr(request, "_standing", None)
    if found is None:
        found = workspace_for(user=caller(request), wanted=_wanted(request))
        request._standing = found  # type: ignore[attr-defined]
        context.amend(workspace_id=str(found.workspace_id))
    return found


def require_scope(request: Request, scope: Scope) -> None:
    proved = credential(request)
    if not proved.allows(scope):
        cure = (
            "" if proved.key_id else " Set up a second step at /accounts/2fa/, and log in with it."
        )
        raise ScopeMissing(f"This needs a credential with the scope `{scope}`.{cure}")


class SignedIn(BasePermission):
    """Anybody with a credential of the scope that the method needs."""

    reading: Scope = Scope.READ
    writing: Scope = Scope.WRITE

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        require_scope(request, self.reading if request.method in SAFE_METHODS else self.writing)
        return True


class InWorkspace(BasePermission):
    """A member of the workspace of the call, whose role permits it. An archive is only read."""

    reads_workspace_header = True
    reading: Permission = Permission.READ
    writing: Permission = Permission.WRITE

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        needed = self.reading if request.method in SAFE_METHODS else self.writing
        require_scope(request, SCOPE_FOR[needed])
        require_permission(standing(request), needed)
        return True


class PeopleOnly(BasePermission):
    """Together with one of the others: no agent passes, whatever its key says."""

    def has_permission(self, request: Request, view: "APIView") -> bool:  # noqa: ARG002
        require_person(caller(request))
        return True


def requires(writing: Permission, *, reading: Permission = Permission.READ) -> type[BasePermission]:
    return type("InWorkspace", (InWorkspace,), {"writing": writing, "reading": reading})


def signed_in(writing: Scope, *, reading: Scope = Scope.READ) -> type[BasePermission]:
    return type("SignedIn", (SignedIn,), {"writing": writing, "reading": reading})


def _wanted(request: Request) -> UUID | None:
    text = request.headers.get("X-Workspace-Id")
    if text is None:
        return None
    try:
        return UUID(text.strip())
    except ValueError as error:
        raise NotYourWorkspace from error
