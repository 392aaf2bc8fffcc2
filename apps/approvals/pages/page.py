"""A request's page: its parts are laid out around the change, and one tab of it is open.

A part is a function of what is reviewed, in a module of its own under `parts`, with a template of
its own under templates/review/parts. What several of them need, the page reads once.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.accounts.pages.entry import person
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.live import live_facts
from apps.approvals.pages.moved import moved_since
from apps.approvals.pages.parts import (
    bar,
    changes,
    checks,
    discussion,
    history,
    impact,
    others,
    policy,
)
from apps.approvals.pages.parts import record as its_record
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.selectors.requests import the_request
from apps.common.errors import DomainError

Part = Callable[[Reviewed], dict[str, Any]]

TABS: dict[str, Part] = {
    "change": changes.shown,
    "impact": impact.shown,
    "policy": policy.shown,
    "checks": checks.shown,
    "discussion": discussion.shown,
    "history": history.shown,
}
AROUND: dict[str, Part] = {
    "bar": bar.shown,
    "record": its_record.shown,
    "others": others.shown,
}
COUNTED: dict[str, Callable[[Reviewed], dict[str, int]]] = {
    "checks": checks.counted,
    "discussion": lambda reviewed: {"bad": discussion.left(reviewed)},
}
"""What is told on a tab's label, by how grave it is."""


def page_of(
    request: HttpRequest,
    row: ApprovalRequest,
    *,
    refused: DomainError | None = None,
    saw: str = "",
    **written: str,
) -> HttpResponse:
    """With what was refused, and what had been written where, when something was; and beside what
    somebody saw before (`saw`), what has changed."""
    facts = live_facts(person(request))
    reviewed = Reviewed(row=row, me=person(request), asked=_asked(request))
    open_tab = request.GET.get("tab", "change")
    if open_tab not in TABS:
        raise Http404
    shown = {
        **_about(reviewed),
        "title": reviewed.told.sentence,
        "tabs": [(name, COUNTED[name](reviewed) if name in COUNTED else {}) for name in TABS],
        "open_tab": open_tab,
        "tab_template": f"review/parts/{open_tab}.html",
        "tab": TABS[open_tab](reviewed),
        **{name: part(reviewed) for name, part in AROUND.items()},
        "refused": refused,
        "moved": moved_since(saw, reviewed) if saw else None,
        "facts": facts,
        **written,
    }
    return TemplateResponse(
        request,
        "review/request.html",
        {**admin.site.each_context(request), **shown},
        status=refused.status if refused else 200,
    )


def request_page(request: HttpRequest, request_id: UUID) -> HttpResponse:
    return page_of(request, the_request(request_id=request_id, actor=person(request)))


def tab(request: HttpRequest, request_id: UUID, name: str) -> HttpResponse:
    """One tab alone, for a page that is open already."""
    if name not in TABS:
        raise Http404
    row = the_request(request_id=request_id, actor=person(request))
    reviewed = Reviewed(row=row, me=person(request), asked=_asked(request, in_part=True))
    shown = {**_about(reviewed), "tab": TABS[name](reviewed)}
    return TemplateResponse(request, f"review/parts/{name}.html", shown)


def _asked(request: HttpRequest, *, in_part: bool = False) -> dict[str, str]:
    """How the change is shown is remembered by the browser, unless the address says. No address
    leaves out operations of what is decided on: only of a tab is one of them shown alone."""
    kept = {"lines": request.COOKIES["diff_view"]} if "diff_view" in request.COOKIES else {}
    given = request.GET.dict()
    if not in_part:
        given.pop("operation", None)
    return kept | given


def now(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """What may have changed on a page that is open already: all but what the tabs show."""
    row = the_request(request_id=request_id, actor=person(request))
    reviewed = Reviewed(row=row, me=person(request), asked=_asked(request))
    shown = {**_about(reviewed), "bar": bar.shown(reviewed), "others": others.shown(reviewed)}
    return TemplateResponse(request, "review/now.html", shown)


def _about(reviewed: Reviewed) -> dict[str, Any]:
    """What every template here may use."""
    return {
        "row": reviewed.row,
        "told": reviewed.told,
        "change": reviewed.change,
        "me": reviewed.me,
    }
