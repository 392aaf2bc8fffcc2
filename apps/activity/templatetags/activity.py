"""The live feed as a part of other pages: `{% live_feed %}`."""

from typing import Any

from django import template

from apps.accounts.models import User
from apps.activity.pages.feed import live_facts
from apps.activity.selectors.pages import feed_page, page_viewer

register = template.Library()
SHOWN = 8


@register.inclusion_tag("activity/home.html", takes_context=True)
def live_feed(context: template.Context) -> dict[str, Any]:
    user = context["request"].user
    assert isinstance(user, User)  # noqa: S101
    viewer = page_viewer(user)
    if not viewer.workspaces:
        return {"page": None}
    page = feed_page(viewer, limit=SHOWN)
    return {"page": page, "facts": live_facts(page, user=user, most=SHOWN)}
