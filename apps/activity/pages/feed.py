"""/activity: what happens, as it happens, and who is here. Without JavaScript it stands still."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import redis
from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import TemplateView

from apps.accounts.models import User
from apps.accounts.pages.entry import may_enter, person
from apps.activity.ports import Viewer
from apps.activity.positions import write_position
from apps.activity.presence import present_in
from apps.activity.selectors.pages import FeedPage, feed_page, known_areas, page_viewer
from apps.activity.selectors.viewers import narrowed

SHOWN = 50
MOST = 200
"""So many events stay on the page when new ones come."""


class ActivityPage(LoginRequiredMixin, TemplateView):
    template_name = "activity/page.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user, asked = person(self.request), self.request.GET
        everywhere = page_viewer(user)
        wanted = asked.get("workspace", "")
        viewer = narrowed(everywhere, wanted) if wanted else everywhere
        areas = [area for area in known_areas() if area in asked.getlist("area")]
        page = feed_page(viewer, limit=SHOWN, areas=areas, older=asked.get("older", ""))
        return super().get_context_data(
            **kwargs,
            page=page,
            facts=live_facts(page, user=user, most=MOST, areas=areas, presence=True),
            people=_people(viewer, user),
            areas=list(_area_links(wanted, areas)),
            chosen_areas=areas,
            workspace=wanted,
            newest=_url(wanted, areas),
            older=_url(wanted, areas, older=_place(page)) if page.has_older else "",
            workspaces=feed_page(everywhere, limit=0).workspaces if wanted else page.workspaces,
            may_enter_console=may_enter(user),
        )


def live_facts(
    page: FeedPage,
    *,
    user: User,
    most: int,
    areas: Iterable[str] = (),
    presence: bool = False,
) -> dict[str, Any]:
    """What the script goes on from."""
    return {
        "me": str(user.id),
        "epoch": page.epoch,
        "positions": _texts(page.positions),
        "before": _texts(page.before),
        "newest": page.is_newest,
        "names": _texts(page.workspaces),
        "most": most,
        "areas": list(areas),
        "presence": presence,
    }


def _texts(found: dict[UUID, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in found.items()}


def _area_links(workspace: str, chosen: list[str]) -> Iterable[dict[str, Any]]:
    """Each one adds its area to the chosen ones, or takes it away."""
    yield {"name": "Everything", "url": _url(workspace, []), "current": not chosen}
    for area in known_areas():
        others = [one for one in chosen if one != area]
        current = area in chosen
        url = _url(workspace, others if current else [*chosen, area])
        yield {"name": area.capitalize(), "url": url, "current": current}


def _url(workspace: str, areas: list[str], *, older: str = "") -> str:
    query = [("workspace", workspace)] if workspace else []
    query += [("area", area) for area in areas]
    query += [("older", older)] if older else []
    return "?" + urlencode(query)


def _place(page: FeedPage) -> str:
    """Where this page ends."""
    return write_position(page.epoch, min(page.before.values()), page.before)


def _people(viewer: Viewer, user: User) -> list[str]:
    """Others, each once."""
    try:
        found = present_in(viewer.workspaces)
    except redis.RedisError:
        return []
    return list(dict.fromkeys(row.name for row in found if row.user != user.id))
