"""The buttons of a request's page: each posts to a view of its own that calls one service, with the
digest of what was on the screen. Refused, the page is shown again, with what had been written.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views import View

from apps.accounts.browser.entry import person
from apps.accounts.models import User
from apps.approvals.choices import Decision, Via
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.review.page import page_of
from apps.approvals.selectors.requests import the_request
from apps.approvals.services.emergencies import break_glass
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.reviews import review_afterwards
from apps.approvals.services.seats import claim_request, unclaim_request
from apps.approvals.services.voting import Wanted, cast_vote, undo_decision
from apps.common.errors import DomainError, Invalid

LONGEST = 10_000
DECISIONS = [
    (each.value, each.label)
    for each in (
        *(Decision.APPROVE, Decision.REJECT, Decision.REQUEST_CHANGES),
        *(Decision.ABSTAIN, Decision.VETO),
    )
]
SAID = {
    Decision.APPROVE: "You approved it.",
    Decision.REJECT: "You rejected it.",
    Decision.REQUEST_CHANGES: "You asked for changes.",
    Decision.ABSTAIN: "You abstained.",
    Decision.VETO: "You vetoed it.",
}


class EmptyForm(forms.Form):
    pass


class DecideForm(forms.Form):
    decision = forms.ChoiceField(choices=DECISIONS)
    digest = forms.CharField(max_length=64, required=False)
    text = forms.CharField(max_length=LONGEST, required=False)
    change = forms.BooleanField(required=False)


class BreakGlassForm(forms.Form):
    text = forms.CharField(max_length=LONGEST, required=False)
    digest = forms.CharField(max_length=64, required=False)


class LookForm(forms.Form):
    sound = forms.TypedChoiceField(
        choices=[("yes", "sound"), ("no", "not sound")], coerce=lambda said: said == "yes"
    )
    text = forms.CharField(max_length=LONGEST, required=False)


class RequestAction(View):
    """By POST alone: nothing is decided by a link."""

    http_method_names = ("post",)
    form_class: type[forms.Form] = EmptyForm
    keeps = "written"
    """What the page calls the text that had been written, when something is refused."""

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        row = the_request(request_id=request_id, actor=person(request))
        form = self.form_class(request.POST, request.FILES)
        try:
            if not form.is_valid():
                raise Invalid(details=_faults(form))
            said = self.act(row, form.cleaned_data, person(request))
        except DomainError as refusal:
            row = the_request(request_id=request_id, actor=person(request))
            if _is_script(request):
                return JsonResponse(
                    {"message": refusal.text, "details": refusal.details}, status=refusal.status
                )
            written = request.POST.get("text", "")[:LONGEST]
            return page_of(request, row, refused=refusal, **{self.keeps: written})
        if _is_script(request):
            return JsonResponse({"said": said})
        messages.success(request, said)
        return redirect(self.back_to(row))

    def back_to(self, row: ApprovalRequest) -> str:
        return reverse("admin:review_request", args=[row.id])

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        raise NotImplementedError


class DecidePage(RequestAction):
    form_class = DecideForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        decision = Decision(given["decision"])
        wanted = Wanted(
            decision=decision,
            digest=given["digest"],
            via=Via.CONSOLE,
            comment=given["text"],
            change=given["change"],
        )
        cast = cast_vote(request_id=row.id, wanted=wanted, actor=me)
        return f"{SAID[decision]} It is {cast.request.get_state_display().lower()} now."


class WithdrawPage(RequestAction):
    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:  # noqa: ARG002
        withdraw_request(request_id=row.id, actor=me)
        return "It is not asked for any more."


class UndoPage(RequestAction):
    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:  # noqa: ARG002
        undo_decision(request_id=row.id, actor=me, via=Via.CONSOLE)
        return "You took your approval back."


class ClaimPage(RequestAction):
    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:  # noqa: ARG002
        claimed = claim_request(request_id=row.id, actor=me)
        return f"You have taken it on, until {claimed.claimed_until:%H:%M} UTC."


class UnclaimPage(RequestAction):
    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:  # noqa: ARG002
        unclaim_request(request_id=row.id, actor=me)
        return "Others may take it on."


class BreakGlassPage(RequestAction):
    form_class = BreakGlassForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        review = break_glass(
            request_id=row.id,
            reason=given["text"],
            digest=given["digest"],
            actor=me,
            via=Via.CONSOLE,
        )
        return (
            f"It takes effect. Somebody else looks at it until {review.due_at:%Y-%m-%d %H:%M} UTC."
        )


class LookPage(RequestAction):
    form_class = LookForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        review_afterwards(request_id=row.id, sound=given["sound"], note=given["text"], actor=me)
        return "You looked at it."


def _is_script(request: HttpRequest) -> bool:
    """A page that goes on where it is, and wants to know no more than what came of it."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _faults(form: forms.Form) -> list[dict[str, str]]:
    return [
        {"field": name, "message": str(fault)}
        for name, faults in form.errors.items()
        for fault in faults
    ]
