"""Deciding many at once: what each of them would do and whether one may, then what came of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.accounts.pages.entry import person
from apps.approvals.choices import Decision, Via
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.asked import read_ids
from apps.approvals.selectors.seen import Seen, seen
from apps.approvals.services.bulk import MOST, cast_votes
from apps.approvals.services.voting import Cast, Wanted
from apps.common.errors import DomainError
from apps.policies.choices import RiskLevel

LONGEST = 10_000
DECISIONS = {
    Decision.APPROVE: "Approve",
    Decision.REQUEST_CHANGES: "Request changes",
    Decision.REJECT: "Reject",
}
LEFT_OUT = (
    "Left out: what is critical is approved by itself, on its own page, where all of it is seen."
)


class BulkForm(forms.Form):
    decision = forms.ChoiceField(choices=list(DECISIONS.items()))
    text = forms.CharField(max_length=LONGEST, required=False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("decision") != Decision.APPROVE and not given.get("text", "").strip():
            self.add_error("text", "Say why: whoever proposed them reads it.")
        return given


@dataclass(frozen=True, kw_only=True)
class Outcome:
    told: Seen
    words: str
    done: bool


@require_GET
def bulk_page(request: HttpRequest) -> HttpResponse:
    """Nothing is decided by looking."""
    rows = _rows(read_ids(request.GET.getlist("row"), most=MOST), person(request))
    return _preview(request, rows, BulkForm(initial={"decision": Decision.APPROVE}))


@require_POST
def bulk_cast(request: HttpRequest) -> HttpResponse:
    me, form = person(request), BulkForm(request.POST)
    shown = _digests(request.POST.getlist("seen"))
    rows = _rows(list(shown), me)
    if not form.is_valid():
        return _preview(request, rows, form, digests=shown)
    decision = Decision(form.cleaned_data["decision"])
    left_out = {row.id for row in rows if _is_left_out(row, decision)}
    wanted = {
        row.id: Wanted(
            decision=decision,
            digest=shown[row.id],
            via=Via.CONSOLE,
            comment=form.cleaned_data["text"],
        )
        for row in rows
        if row.id not in left_out
    }
    came = _cast(rows, wanted, me)
    after = {told.request.id: told for told in seen(_rows(list(shown), me), me)}
    outcomes = [
        Outcome(told=after[row.id], words=LEFT_OUT, done=False)
        if row.id in left_out
        else _outcome(after[row.id], came[row.id])
        for row in rows
        if row.id in after  # they may see it still
    ]
    return _page(
        request,
        "review/bulk_done.html",
        title="What came of it",
        outcomes=outcomes,
        done=sum(each.done for each in outcomes),
        decision=DECISIONS[decision],
    )


def _cast(
    rows: Sequence[ApprovalRequest], wanted: dict[UUID, Wanted], me: User
) -> dict[UUID, Cast | DomainError]:
    found: dict[UUID, Cast | DomainError] = {}
    for place in dict.fromkeys(row.workspace_id for row in rows):
        here = [
            (row.id, wanted[row.id])
            for row in rows
            if row.workspace_id == place and row.id in wanted
        ]
        answers = cast_votes(wanted=here, workspace=place, actor=me)
        found |= {id_: answer for (id_, _), answer in zip(here, answers, strict=True)}
    return found


def _outcome(told: Seen, answer: Cast | DomainError) -> Outcome:
    if isinstance(answer, DomainError):
        messages = [str(each["message"]) for each in answer.details if each.get("message")]
        return Outcome(told=told, words=" ".join([answer.text, *messages]), done=False)
    state = told.request.get_state_display()
    return Outcome(told=told, words=f"Your vote stands. It is {state.lower()} now.", done=True)


def _preview(
    request: HttpRequest,
    rows: Sequence[ApprovalRequest],
    form: BulkForm,
    *,
    digests: dict[UUID, str] | None = None,
) -> HttpResponse:
    """`digests`: of what was on the screen before. Nobody decides on what they were not shown."""
    told = seen(rows, person(request))
    return _page(
        request,
        "review/bulk.html",
        title="Decide on many",
        rows=[
            {
                "told": each,
                "digest": (digests or {}).get(each.request.id, each.request.view_digest),
                "critical": each.request.risk_level == RiskLevel.CRITICAL,
            }
            for each in told
        ],
        form=form,
        may=sum(each.can["vote"].ok for each in told),
        most=MOST,
        status=422 if form.is_bound else 200,
    )


def _page(request: HttpRequest, template: str, *, status: int = 200, **shown: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), **shown}
    return TemplateResponse(request, template, context, status=status)


def _is_left_out(row: ApprovalRequest, decision: Decision) -> bool:
    return decision == Decision.APPROVE and row.risk_level == RiskLevel.CRITICAL


def _rows(ids: Sequence[UUID], me: User) -> list[ApprovalRequest]:
    """In the order in which they were chosen; what they may not see is not there."""
    found = ApprovalRequest.objects.visible_to(me).filter(id__in=ids).select_related("workspace")
    rows = {row.id: row for row in found}
    return [rows[one] for one in ids if one in rows]


def _digests(texts: Iterable[str]) -> dict[UUID, str]:
    """ "<id>:<digest>", as the preview wrote them."""
    pairs = dict(text.partition(":")[::2] for text in texts)
    return {one: pairs[str(one)] for one in read_ids(pairs, most=MOST) if str(one) in pairs}
