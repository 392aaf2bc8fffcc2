"""One customer with everything a customer has, for tests that look at it from outside."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.accounts.credentials import fingerprint
from apps.accounts.models import ApiKey, Invitation, User, Workspace
from apps.activity.models import WebhookEndpoint
from apps.activity.services.sending import offer_events
from apps.activity.services.webhooks import create_webhook
from tests.factories import WorkspaceFactory, agent_of, issue, member


@dataclass
class Tenant:
    workspace: Workspace
    owner: User
    reviewer: User
    agent: User
    agent_key: str
    invitation: Invitation
    webhook: WebhookEndpoint

    @classmethod
    def new(cls, name: str) -> "Tenant":
        workspace = WorkspaceFactory.create(name=f"{name}-workspace")
        owner = member(workspace, Role.OWNER)
        reviewer = member(workspace, Role.REVIEWER)
        agent = agent_of(owner, workspace, Role.VIEWER)
        for role, user in (("owner", owner), ("reviewer", reviewer), ("agent", agent)):
            user.name, user.email = f"{name}-{role}", f"{name}-{role}@example.org"
            user.save(update_fields=["name", "email"])
        invitation = Invitation.objects.create(
            workspace=workspace,
            email=f"{name}-invited@example.org",
            role=Role.VIEWER,
            invited_by=owner,
            token_hash=fingerprint(f"{name}-invitation"),
            expires_at=timezone.now() + timedelta(days=1),
        )
        webhook = create_webhook(
            workspace_id=workspace.id,
            url=f"https://{name}.example.org/hook",
            event_types=["*"],
            description=f"{name}-webhook",
            created_by=owner.id,
            actor=owner,
        ).endpoint
        offer_events(webhook.id)  # of its own creation
        key = issue(agent, workspace)
        return cls(workspace, owner, reviewer, agent, key, invitation, webhook)

    def key_of_owner(self) -> str:
        return issue(self.owner, self.workspace, *Scope)

    @property
    def ids(self) -> dict[str, str]:
        """What stands in URLs, by the name it has there."""
        key = ApiKey.objects.filter(user=self.agent).order_by("id").first()
        found: dict[str, Any] = {
            "workspace_id": self.workspace.id,
            "user_id": self.reviewer.id,
            "agent_id": self.agent.id,
            "key_id": key.id if key else None,
            "invitation_id": self.invitation.id,
            "webhook_id": self.webhook.id,
            "message_id": self.webhook.messages.get().id,
        }
        return {name: str(value) for name, value in found.items()}

    @property
    def canaries(self) -> list[str]:
        """What nobody outside may ever read."""
        people = [self.owner, self.reviewer, self.agent]
        return [
            *self.ids.values(),
            *(str(person.id) for person in people),
            *(person.email for person in people),
            *(person.name for person in people),
            self.workspace.name,
            self.invitation.email,
            self.webhook.url,
            self.webhook.description,
        ]
