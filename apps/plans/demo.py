"""What the demo workspace begins with: a policy of its own, what its agents proposed under it, some
of it decided and some waiting, and a change of the policy that a colleague would have.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from apps.accounts.models import User, Workspace
from apps.accounts.ports import furnishings
from apps.accounts.services.demo import COLLEAGUE, DEVELOPER, SCRIBE
from apps.approvals.choices import Decision, Said, Side, Via
from apps.approvals.places import Place
from apps.approvals.selectors.requests import request_about
from apps.approvals.services.discussing import add_comment
from apps.approvals.services.voting import Wanted, cast_vote
from apps.common.errors import DomainError
from apps.plans.choices import KIND, RiskBudget
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.services.versions import apply_policy

PROPOSED = Path(__file__).parent / "demo.yaml"
POLICY = settings.BASE_DIR / "demo" / "policy.yaml"


def furnish(workspace: Workspace, agent: User) -> None:
    """Once: what was decided does not come back. A policy may have been released meanwhile that
    does not let it be: then there is none."""
    if Plan.objects.filter(workspace=workspace, proposer_id=agent.id).exists():
        return
    people = {
        "agent": agent,
        "scribe": _named(SCRIBE),
        "developer": _named(DEVELOPER),
        "colleague": _named(COLLEAGUE),
    }
    policy = POLICY.read_text()
    with suppress(DomainError):
        apply_policy(
            text=policy,
            workspace=workspace.id,
            actor=people["colleague"],
            reason="We are a team now: tasks go ahead, money and deletions take two.",
            base=0,
        )
    for told in yaml.safe_load(PROPOSED.read_text()):
        with suppress(DomainError):
            _propose(told, workspace, people)
    with suppress(DomainError):
        apply_policy(
            text=policy.replace("path: [docs/**]", "path: [docs/**, plans/**]"),
            workspace=workspace.id,
            actor=people["colleague"],
            reason="Nobody ever had a word to say about plans.",
            base=1,
        )


furnishings.append(furnish)


def _named(who: tuple[str, str]) -> User:
    return User.objects.get_queryset().get(email=who[0])


def _propose(told: dict[str, Any], workspace: Workspace, people: dict[str, User]) -> None:
    sent = {name: value for name, value in told.items() if name not in ("by", "then")}
    proposed = create_plan(
        drawing=sketch(PlanIn.model_validate(sent)),
        budget=RiskBudget.MEDIUM,
        actor=people[told["by"]],
        workspace=workspace.id,
    )
    request = request_about(kind=KIND, subject=proposed.plan.id)
    for step in told.get("then", ()) if request else ():
        _follow(step, request, people)


def _follow(step: dict[str, Any], request: Any, people: dict[str, User]) -> None:
    actor = people[step.get("by", "colleague")]
    if "decide" in step:
        wanted = Wanted(
            decision=Decision(step["decide"]),
            digest=request.view_digest,
            via=Via.CONSOLE,
            comment=step["text"],
        )
        cast_vote(request_id=request.id, wanted=wanted, actor=actor)
        return
    place = None
    if "line" in step:
        place = Place(operation=step["operation"], side=Side.AFTER, line=step["line"])
    add_comment(
        request_id=request.id,
        text=step["say"],
        said=Said.NOTE,
        place=place,
        required=step.get("required", False),
        actor=actor,
    )
