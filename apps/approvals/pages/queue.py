"""/admin/review/: what waits, one sentence each, in the view that the address names."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.choices import ActorKind
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.pages.entry import person
from apps.approvals.choices import Order, State, View
from apps.approvals.models.people import KeptView
from apps.approvals.pages.asked import query_of, read_asked, read_ids, said_of
from apps.approvals.pages.live import live_facts
from apps.approvals.ports import subjects
from apps.approvals.selectors.listing import Asked, Listing, place_of, read_place, written
from apps.approvals.selectors.seen import Seen, seen
from apps.policies.choices import RiskLevel

SHOWN = 50
MOST_AGENTS = 200


@dataclass(frozen=True, kw_only=True)
class Row:
    told: Seen
    inside: bool = True
    """In the view that is asked for."""

    @property
    def overdue(self) -> bool:
        due = self.told.request.due_at
        return due is not None and due < timezone.now()

    @property
    def ended(self) -> str:
        """ "Allowed by Bo, Telegram". Empty: it is still to be decided."""
        request = self.told.request
        if request.state == State.PENDING:
            return ""
        outcome = request.outcome
        words = (outcome.label if outcome else request.get_state_display()).capitalize()
        if self.told.settled_by:
            words += f" by {self.told.settled_by.name}"
        return f"{words}, {request.get_settled_via_display()}" if request.settled_via else words


def queue_page(request: HttpRequest) -> HttpResponse:
    me, asked = person(request), read_asked(request.GET.dict())
    facts = live_facts(me)
    after = read_place(request.GET.get("after", ""), asked)
    found = Listing(asked, me).rows(limit=SHOWN + 1, after=after)
    shown = found[:SHOWN]
    more = len(found) > SHOWN
    return TemplateResponse(
        request,
        "review/queue.html",
        {
            **admin.site.each_context(request),
            "title": "Review",
            "asked": asked,
            "query": query_of(asked),
            "rows": [Row(told=told) for told in seen(shown, me)],
            "later": query_of(asked, after=written(place_of(shown[-1], asked))) if more else "",
            "first": "" if "after" not in request.GET else query_of(asked) or "?",
            "views": [
                {
                    "view": view,
                    "query": query_of(replace(asked, view=view)) or "?",
                    "current": view == asked.view,
                }
                for view in View
            ],
            "narrowed": replace(asked, view=View.WAITING, order=Order.DUE) != Asked(),
            "worth_keeping": replace(asked, view=View.WAITING) != Asked(),
            "widened": query_of(Asked(view=asked.view, order=asked.order)) or "?",
            "choices": _choices(asked, me),
            "orders": Order.choices,
            "kept": [
                {"view": view, "current": view.query == query_of(asked).removeprefix("?")}
                for view in KeptView.objects.filter(person=me).order_by("name")
            ],
            "said": said_of(asked),
            "facts": facts | {"query": query_of(asked), "changes": reverse("admin:review_changes")},
        },
    )


def queue_changes(request: HttpRequest) -> HttpResponse:
    """Some rows as they are now, for a page that shows them already, or might."""
    me, asked = person(request), read_asked(request.GET.dict())
    ids = read_ids(request.GET.getlist("row"), most=SHOWN)
    rows, inside = Listing(asked, me).among(ids)
    changed = [Row(told=told, inside=told.request.id in inside) for told in seen(rows, me)]
    return TemplateResponse(
        request, "review/rows.html", {"rows": changed, "query": query_of(asked), "asked": asked}
    )


def _choices(asked: Asked, me: User) -> list[dict[str, Any]]:
    """By what it can be narrowed: a name, what it is called, and the values to choose from."""
    places = Workspace.objects.visible_to(me).order_by("name").values_list("id", "name")
    lists: list[tuple[str, str, Any, Iterable[tuple[Any, str]]]] = [
        ("workspace", "Workspace", asked.workspace, places),
        ("kind", "What", asked.kind, [(kind, each.label) for kind, each in subjects.items()]),
        ("risk", "Risk", asked.risk, RiskLevel.choices),
        ("proposer", "Proposed by", asked.proposer, _proposers(asked, me)),
    ]
    return [
        {"name": name, "label": label, "chosen": chosen, "values": list(values)}
        for name, label, chosen, values in lists
    ]


def _proposers(asked: Asked, me: User) -> list[tuple[UUID, str]]:
    """Agents of one's workspaces, and whoever was chosen."""
    here = Membership.objects.visible_to(me).filter(user__kind=ActorKind.AGENT)
    rows = here.order_by("user__name", "user_id").values_list("user_id", "user__name")
    found = dict(rows.distinct()[:MOST_AGENTS])
    if asked.proposer and asked.proposer not in found:
        chosen = User.objects.visible_to(me).filter(id=asked.proposer)
        found |= dict(chosen.values_list("id", "name"))
    return list(found.items())
