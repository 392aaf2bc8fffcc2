"""One customer with everything a customer has, for tests that look at it from outside."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.utils import timezone

from apps.accounts.choices import Role, Scope
from apps.accounts.credentials import fingerprint
from apps.accounts.models import ApiKey, Invitation, User, Workspace
from apps.activity.models import WebhookEndpoint
from apps.activity.services.sending import offer_events
from apps.activity.services.webhooks import create_webhook
from apps.approvals.models.people import Absence, Comment
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.services.discussing import File, add_comment
from apps.plans.choices import Action, RiskBudget
from apps.plans.models import Plan
from apps.plans.schemas import ChangeIn, PlanIn
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.choices import Door
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import PolicyDraft
from apps.policies.services.drafts import draft_policy
from apps.policies.services.judging import judge_act
from apps.policies.services.observing import input_as_act
from apps.policies.services.versions import apply_policy
from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from apps.specs.schemas import read_operations
from apps.specs.services.submitting import submit_mutation
from tests.approvals.loaves import ask, lay_table
from tests.factories import WorkspaceFactory, agent_of, issue, member
from tests.specs.graphs import doubt, node, plant


@dataclass
class Tenant:
    workspace: Workspace
    owner: User
    reviewer: User
    agent: User
    agent_key: str
    invitation: Invitation
    webhook: WebhookEndpoint
    draft: PolicyDraft
    act: ActRecord
    plan: Plan
    request: ApprovalRequest
    absence: Absence
    comment: Comment
    spec: Node
    proposal: Proposal

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
        policy = f"""version: "1"
allowed_dirs: [{name}-docs]
rules:
  - name: {name}-rule
    when: {{act: [spec.change], actor: [agent]}}
    then: {{require: [{{name: review, roles: [reviewer]}}]}}
"""
        apply_policy(text=policy, workspace=workspace.id, actor=owner)
        draft = draft_policy(
            text=f"{policy}description: {name}-draft\n", workspace=workspace.id, actor=owner
        )
        judge_act(
            act=input_as_act(agent_id=f"{name}-bot", text=f"{name}-words"),
            actor=agent,
            workspace=workspace.id,
            door=Door.TURN,
            label=f"{name}-bot",
            said={"input": f"{name}-words"},
        )
        act = ActRecord.objects.get(label=f"{name}-bot")
        change = ChangeIn(path=f"{name}-docs/x.md", action=Action.CREATE, new=f"{name}-text\n")
        plan = create_plan(
            drawing=sketch(PlanIn(intent=f"{name}-intent", changes=[change])),
            budget=RiskBudget.LOW,
            actor=owner,
            workspace=workspace.id,
        ).plan
        lay_table()
        request = ask(workspace, agent, slices=[f"{name}-docs/bread.md"])
        file = File(name=f"{name}.txt", media_type="text/plain", content=b"crumbs")
        comment = add_comment(
            request_id=request.id, text=f"{name}-comment", files=[file], actor=owner
        )
        key = f"{name}-REQ-1"
        spec = plant(
            workspace,
            [node(f"{name}-GOAL-1"), node(key, body=f"{name}-body\n")],
            [f"{key} refines {name}-GOAL-1"],
            author=owner,
        )[key]
        doubt(workspace, f"{key} refines {name}-GOAL-1")
        titled = {"op": "update", "target": key, "changes": {"title": f"{name}-title"}}
        proposal = submit_mutation(
            title=f"{name}-mutation",
            rationale=f"{name}-rationale",
            operations=read_operations([titled]),
            actor=owner,
            workspace=workspace.id,
        ).proposal
        return cls(
            workspace=workspace,
            owner=owner,
            reviewer=reviewer,
            agent=agent,
            agent_key=issue(agent, workspace),
            invitation=invitation,
            webhook=webhook,
            draft=draft,
            act=act,
            plan=plan,
            request=request,
            absence=Absence.objects.create(
                workspace=workspace,
                person_id=reviewer.id,
                begins_at=timezone.now() + timedelta(days=1),
                ends_at=timezone.now() + timedelta(days=2),
            ),
            comment=comment,
            spec=spec,
            proposal=proposal,
        )

    def key_of_owner(self) -> str:
        return issue(self.owner, self.workspace, *Scope)

    @cached_property
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
            "draft_id": self.draft.id,
            "act_id": self.act.id,
            "plan_id": self.plan.id,
            "absence_id": self.absence.id,
            "request_id": self.request.id,
            "comment_id": self.comment.id,
            "attachment_id": self.comment.attachments.get().id,
            "key": self.spec.key,
            "proposal_id": self.proposal.id,
            "number": 1,
            "name": "team",
        }
        return {name: str(value) for name, value in found.items()}

    @cached_property
    def canaries(self) -> list[str]:
        """What nobody outside may ever read."""
        people = [self.owner, self.reviewer, self.agent]
        return [
            *(value for name, value in self.ids.items() if name not in ("name", "number")),
            *(str(person.id) for person in people),
            *(person.email for person in people),
            *(person.name for person in people),
            self.workspace.name,
            self.invitation.email,
            self.webhook.url,
            self.webhook.description,
            self.act.label,
            self.draft.text,
            self.plan.name,
            self.workspace.name.replace("workspace", "intent"),
            self.workspace.name.replace("workspace", "docs/bread"),
            self.workspace.name.replace("workspace", "body"),
            self.workspace.name.replace("workspace", "title"),
            self.proposal.title,
            self.proposal.rationale,
            self.workspace.name.replace("workspace", "GOAL-1"),
        ]
