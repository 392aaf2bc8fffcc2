"""The console's pages of what models are used for: each workspace's month, and its budget."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.models import Workspace
from apps.accounts.pages.page import ConsolePage, WorkspacePage
from apps.inference.ports import current_embedding_model, embedding_model
from apps.inference.rules import HIGHEST_BUDGET, month_of, months_after, written
from apps.inference.selectors import spent_everywhere, usage
from apps.inference.services.budgets import set_budget

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)


class BudgetForm(forms.Form):
    monthly = forms.DecimalField(
        label="US dollars a month",
        required=False,
        min_value=Decimal(0),
        max_value=HIGHEST_BUDGET,
        decimal_places=2,
        help_text="Empty: as much as it takes.",
    )


class WorkspacesPage(ConsolePage):
    """Every workspace one belongs to, and what it has spent this month. With one, its page."""

    template_name = "inference/workspaces.html"
    title = "Models"

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        self.workspaces = list(Workspace.objects.visible_to(self.me).order_by("name", "id"))
        if len(self.workspaces) == 1:
            return redirect(page_url(self.workspaces[0].id))
        return super().get(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        spent = spent_everywhere(actor=self.me)
        rows = [
            {"workspace": one, "spent": written(spent.get(one.id)), "url": page_url(one.id)}
            for one in self.workspaces
        ]
        return super().get_context_data(rows=rows, **kwargs)


class UsagePage(WorkspacePage):
    template_name = "inference/usage.html"
    title = "Models"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        month = self._month()
        found = usage(workspace_id=self.workspace.id, actor=self.me, month=month)
        present = month_of(timezone.now())
        model = current_embedding_model()
        rows = [
            {"used": row, "cost": written(row.cost), "mean": round(row.ms / max(1, row.uses))}
            for row in found.rows
        ]
        shown = {
            "rows": rows,
            "month": found.month,
            "before": self._link(months_after(found.month, -1)),
            "after": self._link(months_after(found.month, 1)) if found.month < present else "",
            "spent": written(found.spent),
            "budget": written(found.budget),
            "is_spent": found.budget is not None and found.spent >= found.budget,
            "model": model,
            "is_priced": embedding_model().price() is not None,
            "why_not": self._why_not(),
            "form": BudgetForm(initial={"monthly": written(found.budget)}),
        }
        return super().get_context_data(**(shown | kwargs))

    def post(self, request: HttpRequest, **_: Any) -> HttpResponse:
        form = BudgetForm(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form), status=422)
        monthly = form.cleaned_data["monthly"]
        set_budget(workspace_id=self.workspace.id, monthly=monthly, actor=self.me)
        said = "No budget: models may cost what they cost."
        if monthly is not None:
            said = f"{written(monthly)} USD may be spent each month."
        messages.success(request, said)
        return redirect(page_url(self.workspace.id))

    def _month(self) -> datetime:
        """The one in the address, or this one; none of the future."""
        present = month_of(timezone.now())
        try:
            text = f"{self.request.GET.get('month', '')} +0000"
            asked = datetime.strptime(text, "%Y-%m %z")
        except ValueError:
            return present
        return max(EARLIEST, min(asked, present))

    def _link(self, month: datetime) -> str:
        return f"?month={month:%Y-%m}" if month >= EARLIEST else ""

    def _why_not(self) -> str:
        if self.standing.archived:
            return "The workspace is archived: it can be read, and nothing in it changes."
        if not self.standing.permits(Permission.MANAGE_WORKSPACE):
            return f"Your role here is {self.standing.role}: an admin or an owner sets the budget."
        return ""


def page_url(workspace_id: UUID) -> str:
    return reverse("admin:inference_usage", args=[workspace_id])
