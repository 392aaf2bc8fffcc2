"""Of accounts."""

from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.utils import timezone

from apps.accounts.choices import Role
from apps.accounts.credentials import fingerprint
from apps.accounts.models import ApiKey, DataKey, Invitation, TokenFamily, User
from apps.accounts.services import (
    agents,
    data_keys,
    exports,
    first_owner,
    invitations,
    keys,
    people,
    second_steps,
)
from apps.accounts.services.browser import address_watched, end_login
from apps.common.actors import SYSTEM
from tests.factories import PASSWORD, PersonFactory, agent_of, issue
from tests.guards.rows import put
from tests.guards.scenes.house import LONG_AGO, House, Scenes, in_a_transaction


class People(House):
    def invitation(self):
        said = {"role": Role.REVIEWER, "invited_by": self.owner.id, "due_at": LONG_AGO}
        soon = timezone.now() + timedelta(days=1)
        said |= {"email": "new@example.org", "token_hash": fingerprint("token")}
        return self.put(Invitation, expires_at=soon, **said)

    def accept(self):
        return invitations.accept_invitation(
            token="token", actor=PersonFactory.create(email="new@example.org")
        )

    def second_step(self):
        data = {"secret": second_steps.seal("A" * 32)}
        return put(Authenticator, {"user": self.owner.id, "type": "totp", "data": data})

    def watched(self):
        with address_watched(user=self.owner):
            User.objects.filter(id=self.owner.id).update(email="another@example.org")


WAITS: Scenes[People] = {
    "accounts.services.agents._lock_agent": lambda h: (
        agent := agent_of(h.owner, h.workspace),
        lambda: agents.disable_agent(agent_id=agent.id, workspace_id=h.workspace.id, actor=h.owner),
    ),
    "accounts.services.browser.address_watched": lambda h: (h.owner, h.watched),
    "accounts.services.browser.end_login": lambda h: (
        login := TokenFamily.objects.create(user=h.owner),
        lambda: end_login(family_id=login.id, actor=h.owner),
    ),
    "accounts.services.data_keys.add_data_key": lambda h: (
        h.workspace,
        lambda: data_keys.add_data_key(workspace_id=h.workspace.id, actor=SYSTEM),
    ),
    "accounts.services.data_keys.rewrap_data_keys": lambda h: (
        h.put(DataKey, master_key_id="older"),
        lambda: data_keys.rewrap_data_keys(actor=SYSTEM),
    ),
    "accounts.services.exports.export_workspace": lambda h: (
        h.workspace,
        lambda: exports.export_workspace(
            workspace_id=h.workspace.id, target=h.folder / "export.zip", actor=h.owner
        ),
    ),
    "accounts.services.first_owner.make_first_owner": lambda h: (
        "hashtextextended('first owner', 0)",
        lambda: first_owner.make_first_owner(
            email="first@example.org", password=PASSWORD, workspace_name="First"
        ),
    ),
    "accounts.services.invitations.accept_invitation": lambda h: (
        h.invitation().workspace,
        h.accept,
    ),
    "accounts.services.invitations.accept_invitation.2": lambda h: (h.invitation(), h.accept),
    "accounts.services.invitations._count_mail": lambda h: (
        h.owner,
        lambda: invitations.create_invitation(
            workspace_id=h.workspace.id, email="o@example.org", role=Role.REVIEWER, actor=h.owner
        ),
    ),
    "accounts.services.invitations._lock_open": lambda h: (
        invitation := h.invitation(),
        lambda: invitations.revoke_invitation(invitation_id=invitation.id, actor=h.owner),
    ),
    "accounts.services.keys._lock_key": lambda h: (
        issue(agent_of(h.owner, h.workspace), h.workspace) and ApiKey.objects.latest("created_at"),
        lambda: keys.revoke_key(key_id=ApiKey.objects.latest("created_at").id, actor=h.owner),
    ),
    "accounts.services.people.change_profile": lambda h: (
        h.owner,
        lambda: people.change_profile(person=h.owner, actor=h.owner, name="Another"),
    ),
    "accounts.services.people.change_password": lambda h: (
        h.owner,
        lambda: people.change_password(
            person=h.owner, present=PASSWORD, wanted="staple battery horse", actor=h.owner
        ),
    ),
    "accounts.services.people.refresh_console_access": lambda h: (
        h.owner,
        in_a_transaction(lambda: people.refresh_console_access(h.owner.id)),
    ),
    "accounts.services.people._locked_person": lambda h: (
        h.owner,
        lambda: people.disable_person(person_id=h.owner.id, actor=SYSTEM),
    ),
    "accounts.services.second_steps.spend_code": lambda h: (
        h.second_step(),
        lambda: second_steps.spend_code(person=h.owner, code="123456"),
    ),
    "accounts.services.second_steps.first_use": lambda h: (
        step := h.second_step(),
        lambda: second_steps.first_use(step, "123456"),
    ),
    "accounts.services.second_steps.reseal_second_steps": lambda h: (
        h.second_step(),
        lambda: second_steps.reseal_second_steps(actor=SYSTEM),
    ),
}

PASSES_OVER: Scenes[People] = {
    "accounts.services.invitations.send_invitation": lambda h: (
        invitation := h.invitation(),
        lambda: invitations.send_invitation(invitation_id=invitation.id),
    ),
}
