"""Who comes to a tenant's doors without being one of them: each as the headers they send."""

from apps.accounts.choices import Role, Scope
from apps.accounts.models import ApiKey
from apps.accounts.services.members import remove_member
from apps.accounts.services.sessions import open_session
from tests.doors.routes import MACHINE_ROUTES
from tests.factories import agent_of, issue, member
from tests.tenant import Tenant


def nobody(victim):
    return {}


def stranger(victim):
    return {"Authorization": f"Bearer {Tenant.new('stranger').key_of_owner()}"}


def stranger_with_token(victim):
    tokens = open_session(person=Tenant.new("stranger").owner)
    return {"Authorization": f"Bearer {tokens.access_token}"}


def stranger_who_names_the_workspace(victim):
    return {**stranger_with_token(victim), "X-Workspace-Id": str(victim.workspace.id)}


def strange_agent(victim):
    return {"X-API-Key": Tenant.new("stranger").agent_key}


def removed_member(victim):
    person = member(victim.workspace, Role.ADMIN)
    tokens = open_session(person=person)
    remove_member(workspace_id=victim.workspace.id, user_id=person.id, actor=victim.owner)
    return {
        "Authorization": f"Bearer {tokens.access_token}",
        "X-Workspace-Id": str(victim.workspace.id),
    }


def revoked_key(victim):
    key = victim.key_of_owner()
    ApiKey.objects.filter(user=victim.owner).update(revoked_at=victim.workspace.created_at)
    return {"X-API-Key": key}


def expired_key(victim):
    key = issue(victim.owner, victim.workspace, *Scope, expires_at=victim.workspace.created_at)
    return {"X-API-Key": key}


def disabled_person(victim):
    person = member(victim.workspace, Role.OWNER)
    tokens = open_session(person=person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    return {"Authorization": f"Bearer {tokens.access_token}"}


def agent_of_disabled_person(victim):
    person = member(victim.workspace, Role.OWNER)
    agent = agent_of(person, victim.workspace, Role.ADMIN)
    key = issue(agent, victim.workspace, *Scope)
    person.is_active = False
    person.save(update_fields=["is_active"])
    return {"X-API-Key": key}


STRANGERS = [
    stranger,
    stranger_with_token,
    stranger_who_names_the_workspace,
    strange_agent,
    removed_member,
]
REVOKED = [nobody, revoked_key, expired_key, disabled_person, agent_of_disabled_person]
EVERYWHERE = {stranger, nobody, revoked_key}
"""They try every route. Of the others, who differ in how they prove who they are, which is read in
one place, each tries its share."""


def tried_by(caller):
    """So that each route is tried by one of the others, too."""
    if caller in EVERYWHERE:
        return MACHINE_ROUTES
    others = [
        one for one in (STRANGERS if caller in STRANGERS else REVOKED) if one not in EVERYWHERE
    ]
    return MACHINE_ROUTES[others.index(caller) :: len(others)]
