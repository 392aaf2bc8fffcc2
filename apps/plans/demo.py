"""What the demo workspace begins with: a plan of its agent's that waits for somebody to decide."""

from contextlib import suppress

from apps.accounts.models import User, Workspace
from apps.common.errors import DomainError
from apps.plans.choices import RiskBudget
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn
from apps.plans.services.proposing import create_plan, sketch

GREETING = "def greet():\n    return 'Hello'\n"
NAMED = "def greet(name=''):\n    return f'Hello {name}'.strip()\n"
PLAN = {
    "intent": "Greet customers by their name",
    "context": "Whoever is signed in has a name; whoever is not is greeted as before.",
    "target_paths": ["api/greeting.py", "plans/greeting.md"],
    "changes": [
        {"path": "api/greeting.py", "action": "edit", "old": GREETING, "new": NAMED},
        {
            "path": "plans/greeting.md",
            "action": "create",
            "new": "# Greeting\n\nWho is signed in is greeted by name.\n",
        },
    ],
}


def propose_first_plan(workspace: Workspace, agent: User) -> None:
    """Once: what was decided does not come back. A policy may have been released meanwhile that
    does not let it be: then there is none."""
    if Plan.objects.filter(workspace=workspace, proposer_id=agent.id).exists():
        return
    with suppress(DomainError):
        create_plan(
            drawing=sketch(PlanIn.model_validate(PLAN)),
            budget=RiskBudget.MEDIUM,
            actor=agent,
            workspace=workspace.id,
        )
