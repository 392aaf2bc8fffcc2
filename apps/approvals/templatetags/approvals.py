"""How agents fare, as a part of other pages: `{% agents_by_acceptance %}`."""

from typing import Any

from django import template

from apps.accounts.models import User
from apps.approvals.selectors.records import LATELY
from apps.approvals.selectors.records import agents_by_acceptance as acceptance

register = template.Library()
SHOWN = 6


@register.inclusion_tag("review/agents.html", takes_context=True)
def agents_by_acceptance(context: template.Context) -> dict[str, Any]:
    user = context["request"].user
    assert isinstance(user, User)  # noqa: S101
    return {"agents": acceptance(user, most=SHOWN), "days": LATELY.days}
