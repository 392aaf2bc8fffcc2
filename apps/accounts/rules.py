"""Roles, permissions and scopes. Pure."""

import unicodedata
from collections.abc import Iterable

from apps.accounts.choices import Permission, Role, Scope
from apps.common.texts.hidden import TURNING

ROLE_ORDER = (Role.VIEWER, Role.CONTRIBUTOR, Role.REVIEWER, Role.ADMIN, Role.OWNER)
AGENT_ROLES = (Role.VIEWER, Role.CONTRIBUTOR)
CONSOLE_ROLES = (Role.REVIEWER, Role.ADMIN, Role.OWNER)

_VIEW = frozenset({Permission.READ})
_CONTRIBUTE = _VIEW | {Permission.WRITE}
_REVIEW = _CONTRIBUTE | {Permission.DECIDE}
_MANAGE = _REVIEW | {Permission.MANAGE_MEMBERS, Permission.MANAGE_WORKSPACE}
PERMISSIONS = {
    Role.VIEWER: _VIEW,
    Role.CONTRIBUTOR: _CONTRIBUTE,
    Role.REVIEWER: _REVIEW,
    Role.ADMIN: _MANAGE,
    Role.OWNER: _MANAGE,
}

SCOPE_FOR = {
    Permission.READ: Scope.READ,
    Permission.WRITE: Scope.WRITE,
    Permission.DECIDE: Scope.DECIDE,
    Permission.MANAGE_MEMBERS: Scope.MANAGE,
    Permission.MANAGE_WORKSPACE: Scope.MANAGE,
}
PERSON_SCOPES = frozenset(Scope)
AGENT_SCOPES = frozenset({Scope.READ, Scope.WRITE})
HALF_PROVED_SCOPES = frozenset({Scope.READ, Scope.WRITE})
"""Of a login without the second step, where it is required."""

DEMO_DOMAIN = "demo.lattice.invalid"
"""Where nobody's address is, so that whoever has one here belongs to the demo."""
DEMO_REVIEWER = f"reviewer@{DEMO_DOMAIN}"

_ALIASES = {"member": Role.CONTRIBUTOR}


def role_named(name: str) -> Role:
    """`member` is an older name of contributor."""
    return _ALIASES.get(name) or Role(name)


def is_of_demo(email: str) -> bool:
    return email.lower().endswith(f"@{DEMO_DOMAIN}")


def rank(role: str) -> int:
    return ROLE_ORDER.index(Role(role))


def effective_role(role: str, owner_role: str | None) -> Role:
    """An agent's role where its owner stands as `owner_role`; None: it has no owner (a person)."""
    return Role(role) if owner_role is None else min(Role(role), Role(owner_role), key=rank)


def may_grant(granter: str, role: str) -> bool:
    """Nobody gives what they do not have."""
    return rank(role) <= rank(granter)


def may_change(actor_role: str, present: str, wanted: str) -> bool:
    """Only those may be promoted or demoted who do not stand above the one who does it."""
    return may_grant(actor_role, present) and may_grant(actor_role, wanted)


def allowed_scopes(*, agent: bool) -> frozenset[Scope]:
    return AGENT_SCOPES if agent else PERSON_SCOPES


def scopes_within(scopes: Iterable[str], *, agent: bool) -> bool:
    return frozenset(scopes) <= allowed_scopes(agent=agent)


_BREAKS = {"Cc", "Zl", "Zp"}


def is_readable(name: str) -> bool:
    """Whether it shows as what it is: something visible, on one line, in one direction."""
    kinds = {unicodedata.category(letter) for letter in name}
    visible = any(kind[0] not in "CZ" for kind in kinds)
    return visible and not kinds & _BREAKS and TURNING.isdisjoint(name)
