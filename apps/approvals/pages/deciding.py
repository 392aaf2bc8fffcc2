"""The buttons of a request's page: each posts to a view of its own that calls one service, with the
digest of what was on the screen. Refused, the page is shown again, with what had been written. A
script is told what came of it, and goes on where it is.
"""

import re
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views import View

from apps.accounts.models import User
from apps.accounts.pages.entry import person
from apps.approvals.choices import Decision, State, Via
from apps.approvals.errors import ReasonMissing, ViewMoved
from apps.approvals.models.requests import ApprovalRequest
from apps.approvals.pages.page import page_of
from apps.approvals.pages.parts.bar import editable_here, key_to_type
from apps.approvals.pages.reviewed import Reviewed
from apps.approvals.selectors.requests import the_request
from apps.approvals.services.emergencies import break_glass
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.reviews import review_afterwards
from apps.approvals.services.seats import (
    claim_request,
    hand_over_request,
    reassign_request,
    snooze_request,
    unclaim_request,
)
from apps.approvals.services.voting import Wanted, cast_vote, undo_decision
from apps.common.errors import DomainError, Invalid
from apps.common.texts.clock import HOUR, MOMENT, by_the_clock

LONGEST = 10_000
EDITED, SOME = "approve_edited", "approve_some"
"""Approving after changes of one's own, or only some of the operations."""
BUTTONS: dict[str, Decision] = {
    "approve": Decision.APPROVE,
    EDITED: Decision.APPROVE,
    SOME: Decision.APPROVE,
    "reject": Decision.REJECT,
    "request_changes": Decision.REQUEST_CHANGES,
    "abstain": Decision.ABSTAIN,
    "veto": Decision.VETO,
}
EDIT = "edit."
"""Before the name of what was edited."""
NUMBER = re.compile(r"[0-9]{1,9}")
MORNING = time(8)
SNOOZES = [("tomorrow", "Tomorrow"), ("week", "Next week"), ("date", "A date")]
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
    decision = forms.ChoiceField(choices=[(each, each) for each in BUTTONS])
    digest = forms.CharField(max_length=64, required=False)
    text = forms.CharField(max_length=LONGEST, required=False)
    change = forms.BooleanField(required=False)
    key = forms.CharField(required=False)


class SnoozeForm(forms.Form):
    until = forms.ChoiceField(choices=SNOOZES)
    date = forms.DateField(required=False)


class SeatForm(forms.Form):
    to = forms.UUIDField()


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
            return self.refuse(request, refusal)
        row = the_request(request_id=request_id, actor=person(request))
        if _is_script(request):
            return JsonResponse({"said": said, **self.afterwards(row)})
        messages.success(request, said)
        return redirect(self.back_to(row))

    def back_to(self, row: ApprovalRequest) -> str:
        return reverse("admin:review_request", args=[row.id])

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        raise NotImplementedError

    def afterwards(self, row: ApprovalRequest) -> dict[str, Any]:  # noqa: ARG002
        """What else a script is told."""
        return {}

    def refuse(self, request: HttpRequest, refusal: DomainError) -> HttpResponse:
        if _is_script(request) and not isinstance(refusal, ViewMoved):
            told = {"code": refusal.code, "message": refusal.text, "details": refusal.details}
            return JsonResponse(told, status=refusal.status)
        row = the_request(request_id=self.kwargs["request_id"], actor=person(request))
        written = request.POST.get("text", "")[:LONGEST]
        saw = request.POST.get("saw", "") if isinstance(refusal, ViewMoved) else ""
        return page_of(request, row, refused=refusal, saw=saw, **{self.keeps: written})


class DecidePage(RequestAction):
    form_class = DecideForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        decision, reviewed = BUTTONS[given["decision"]], Reviewed(row=row, me=me, asked={})
        if decision == Decision.REJECT and not given["text"].strip():
            raise ReasonMissing(details=[{"field": "text", "message": "Say why."}])
        if decision == Decision.APPROVE and given["digest"] == row.view_digest:
            _require_key(given["key"], key_to_type(reviewed))
        wanted = Wanted(
            decision=decision,
            digest=given["digest"],
            via=Via.CONSOLE,
            comment=given["text"],
            change=given["change"],
            edits=self._edits(reviewed) if given["decision"] == EDITED else None,
            operations=self._chosen() if given["decision"] == SOME else None,
        )
        cast = cast_vote(request_id=row.id, wanted=wanted, actor=me)
        return f"{SAID[decision]} It is {cast.request.get_state_display().lower()} now."

    def afterwards(self, row: ApprovalRequest) -> dict[str, Any]:
        taken_back_until = row.effective_at if row.state == State.ALLOWED else None
        return {"undo_until": taken_back_until}

    def _edits(self, reviewed: Reviewed) -> dict[str, str]:
        """Browsers end each line with CR and LF."""
        texts = {each.name: each.text for each in editable_here(reviewed)}
        sent = {
            name: self.request.POST[f"{EDIT}{name}"].replace("\r\n", "\n")
            for name in texts
            if f"{EDIT}{name}" in self.request.POST
        }
        edits = {name: text for name, text in sent.items() if text != texts[name]}
        if not edits:
            raise Invalid("You edited nothing: approve it as it is, or edit it.")
        return edits

    def _chosen(self) -> list[int]:
        sent = self.request.POST.getlist("operations")
        chosen = [int(number) for number in sent if NUMBER.fullmatch(number)]
        if not chosen:
            raise Invalid("Choose what is accepted, or reject all of it.")
        return chosen


class LookAgainPage(View):
    """What is there now, beside what somebody saw, and wrote."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, request_id: UUID) -> HttpResponse:
        row = the_request(request_id=request_id, actor=person(request))
        written = request.POST.get("text", "")[:LONGEST]
        return page_of(request, row, written=written, saw=request.POST.get("saw", ""))


class SnoozePage(RequestAction):
    form_class = SnoozeForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        today = timezone.localdate()
        day = {
            "tomorrow": today + timedelta(days=1),
            "week": today + timedelta(days=7 - today.weekday()),
            "date": given["date"],
        }[given["until"]]
        if day is None:
            raise Invalid(details=[{"field": "date", "message": "Name the day."}])
        until = datetime.combine(day, MORNING, timezone.get_current_timezone())
        snooze_request(request_id=row.id, until=until, actor=me)
        return f"You see it again on {day:%A, %d %B}."


class HandOverPage(RequestAction):
    form_class = SeatForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        hand_over_request(request_id=row.id, to=given["to"], actor=me)
        return "You handed your seat over."


class GiveSeatPage(RequestAction):
    form_class = SeatForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        reassign_request(request_id=row.id, people=[given["to"]], actor=me)
        return "They may decide on it now."


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
        until = claimed.claimed_until
        assert until is not None  # noqa: S101
        return f"You have taken it on, until {by_the_clock(until, HOUR)}."


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
        until = by_the_clock(review.due_at, MOMENT)
        return f"It takes effect. Somebody else looks at it until {until}."


class LookPage(RequestAction):
    form_class = LookForm

    def act(self, row: ApprovalRequest, given: dict[str, Any], me: User) -> str:
        review_afterwards(request_id=row.id, sound=given["sound"], note=given["text"], actor=me)
        return "You looked at it."


def _is_script(request: HttpRequest) -> bool:
    """A page that goes on where it is, and wants to know no more than what came of it."""
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _require_key(typed: str, key: str) -> None:
    if key and typed.strip() != key.strip():
        raise Invalid(
            "It is critical: type what it is about, to approve it.",
            details=[{"field": "key", "message": f"Type {key}"}],
        )


def _faults(form: forms.Form) -> list[dict[str, str]]:
    return [
        {"field": name, "message": str(fault)}
        for name, faults in form.errors.items()
        for fault in faults
    ]
