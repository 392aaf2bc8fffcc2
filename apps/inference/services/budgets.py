"""What a workspace may spend on models in a month."""

from decimal import Decimal
from uuid import UUID

from apps.accounts.choices import Permission
from apps.accounts.models import Workspace
from apps.accounts.selectors.standing import require, require_person
from apps.common.actors import Actor
from apps.inference.events import BudgetSet
from apps.inference.models import Budget
from apps.inference.rules import written
from apps.ledger.services import record, unit


def set_budget(*, workspace_id: UUID, monthly: Decimal | None, actor: Actor) -> Budget:
    """US dollars a month, which begin and end in UTC. None: as much as it takes."""
    require_person(actor)
    with unit(actor=actor, workspace=workspace_id):
        require(actor=actor, workspace_id=workspace_id, permission=Permission.MANAGE_WORKSPACE)
        Workspace.objects.visible_to(actor).select_for_update(no_key=True).get(id=workspace_id)
        rows = Budget.objects.select_for_update()
        budget, is_new = rows.get_or_create(workspace_id=workspace_id)
        if budget.monthly != monthly or is_new:
            before, budget.monthly = budget.monthly, monthly
            budget.save(update_fields=["monthly", "updated_at"])
            record(BudgetSet(before=written(before), monthly=written(monthly) or "none"))
    return budget
