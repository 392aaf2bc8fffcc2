"""`{% tour %}`: the steps of the tour, which tour.js shows where their places are."""

from typing import Any

from django import template

from apps.accounts.pages.entry import person
from apps.approvals.selectors.people import attention_of

register = template.Library()


@register.inclusion_tag("review/tour.html", takes_context=True)
def tour(context: template.Context) -> dict[str, Any]:
    seen = attention_of(person(context["request"]).id).toured_at is not None
    return {"seen": seen, "csrf_token": context.get("csrf_token")}
