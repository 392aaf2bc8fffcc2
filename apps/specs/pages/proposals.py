"""Proposals to the graph: listed, and one of them with what it would do, what was found wrong with
it, what it conflicts with and where it is decided on.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from apps.accounts.choices import Permission
from apps.accounts.pages.entry import person
from apps.accounts.selectors.names import people_named
from apps.approvals.choices import Because
from apps.approvals.pages.parts import changes, checks
from apps.approvals.ports import subjects
from apps.approvals.selectors.requests import request_about
from apps.approvals.services.opening import speaks_for
from apps.common.errors import NotFound
from apps.common.texts.hidden import spelled_out
from apps.specs.choices import KIND, Moved, ProposalState
from apps.specs.models.graph import Revision
from apps.specs.models.proposals import Proposal
from apps.specs.pages.page import SpecsPage
from apps.specs.rules import OPEN, may_move

SHOWN = 50
VIEWS = {
    "open": OPEN,
    "applied": {ProposalState.APPLIED, ProposalState.REVERTED},
    "all": frozenset(ProposalState),
}
TONES = {
    ProposalState.APPLIED: "good",
    **dict.fromkeys(OPEN, "wait"),
    **dict.fromkeys((ProposalState.DRAFT, ProposalState.CHANGES_REQUESTED), "wait"),
    **dict.fromkeys((ProposalState.REVERTED, ProposalState.SUPERSEDED), ""),
}
"""Every other state is bad news."""
LEADING = {*OPEN, ProposalState.APPLIED}
"""Of one that reverts another: it does, or may come to."""


class Wanted(forms.Form):
    view = forms.ChoiceField(required=False, choices=[(name, name) for name in VIEWS])
    page = forms.IntegerField(required=False, min_value=2, max_value=100_000)


class ProposalsPage(SpecsPage):
    template_name = "specs/proposals.html"
    title = "Proposals"
    place = "specs_proposals"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = Wanted(self.request.GET)
        form.is_valid()
        view = form.cleaned_data.get("view") or "open"
        page = form.cleaned_data.get("page") or 1
        seen = Proposal.objects.visible_to(self.me).filter(workspace=self.workspace)
        found = seen.filter(state__in=VIEWS[view]).order_by("-id")
        first = (page - 1) * SHOWN
        rows = list(found.defer("operations", "conflicts", "findings")[first : first + SHOWN + 1])
        people = people_named(row.proposer_id for row in rows)
        return super().get_context_data(
            rows=[
                {
                    "row": row,
                    "title": spelled_out(row.title),
                    "proposer": people[row.proposer_id].name,
                    "tone": TONES.get(ProposalState(row.state), "bad"),
                }
                for row in rows[:SHOWN]
            ],
            views=[(name, self.address(view=name, page=None), name == view) for name in VIEWS],
            more=self.address(page=page + 1) if rows[SHOWN:] else "",
            first=self.address(page=None) if page > 1 else "",
            **kwargs,
        )


class ProposalPage(SpecsPage):
    template_name = "specs/proposal.html"
    place = "specs_proposals"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row: Proposal = kwargs["proposal"]
        request = request_about(kind=KIND, subject=row.id)
        revision = Revision.objects.filter(proposal=row).defer("inverse").first()
        approvers = revision.approvers if revision else []
        people = people_named([row.proposer_id, *approvers])
        change = subjects[KIND].change(row.id)
        shown = {
            "here": spelled_out(row.title),
            "sentence": spelled_out(f"{people[row.proposer_id].name} {row.words}"),
            "rationale": spelled_out(row.rationale),
            "because": _because(row.because),
            "proposer": people[row.proposer_id].name,
            "approvers": ", ".join(people[one].name for one in approvers),
            "applied": revision,
            "tone": TONES.get(ProposalState(row.state), "bad"),
            "tab": changes.drawn(change.operations, self.request.GET.dict()),
            "told_checks": checks.told(change.checks),
            "conflicts": [changes.three_ways(one) for one in change.conflicts],
            "beside": change.beside,
            "review": request and reverse("admin:review_request", args=[request.id]),
            "parts": Proposal.objects.visible_to(self.me).filter(part_of=row).order_by("id"),
            "reverted_by": Proposal.objects.filter(reverts=row, state__in=LEADING).first(),
            **self._buttons(row),
        }
        return super().get_context_data(**kwargs, **shown)

    def _buttons(self, row: Proposal) -> dict[str, bool]:
        """Services decide again."""
        state = ProposalState(row.state)
        writes = self.standing.permits(Permission.WRITE) and not self.standing.archived
        return {
            "may_withdraw": may_move(state, ProposalState.WITHDRAWN) and speaks_for(self.me, row),
            "may_submit": state == ProposalState.DRAFT and writes,
            "may_revert": state == ProposalState.APPLIED and writes,
        }


def proposal_page(request: HttpRequest, proposal_id: UUID) -> HttpResponseBase:
    """In its workspace, whichever that is."""
    found = Proposal.objects.visible_to(person(request)).filter(id=proposal_id)
    row = found.select_related("follows", "part_of", "reverts").first()
    if row is None:
        raise NotFound
    return ProposalPage.as_view()(request, workspace_id=row.workspace_id, proposal=row)


def _because(code: str) -> str:
    """Of a request that has ended, of what has moved, or an error's."""
    known = [*Because, *Moved]
    return next((one.label for one in known if one == code), code.replace("_", " "))
