"""The buttons of these pages: each posts to a view of its own that calls one service. What is
refused is said on the page that one comes back to.
"""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views import View

from apps.accounts.models import User
from apps.accounts.pages.entry import person
from apps.common.errors import DomainError, Invalid
from apps.common.refusals import say
from apps.specs.selectors.nodes import the_node
from apps.specs.services.closing import withdraw_mutation
from apps.specs.services.drawing import hear_kept, hear_revert
from apps.specs.services.submitting import Submitted, revert_mutation, submit_draft
from apps.specs.services.suspects import clear_suspects

LONGEST = 10_000


class WhyForm(forms.Form):
    why = forms.CharField(max_length=LONGEST, required=False)


class SeenForm(forms.Form):
    seen = forms.IntegerField(min_value=1)


class Button(View):
    """By POST alone: nothing is done by a link."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, **about: Any) -> HttpResponse:
        back = self.page(**about)
        try:
            said, back = self.act(person(request), back, **about)
        except DomainError as refusal:
            say(request, refusal)
        else:
            messages.success(request, said)
        return redirect(back)

    def page(self, **about: Any) -> str:
        raise NotImplementedError

    def act(self, me: User, back: str, **about: Any) -> tuple[str, str]:
        """What is said of it, and on which page."""
        raise NotImplementedError


class ProposalButton(Button):
    def page(self, **about: Any) -> str:
        return page_of(about["proposal_id"])


class WithdrawButton(ProposalButton):
    def act(self, me: User, back: str, **about: Any) -> tuple[str, str]:
        withdraw_mutation(proposal_id=about["proposal_id"], actor=me)
        return "It is taken back.", back


class SubmitButton(ProposalButton):
    def act(self, me: User, back: str, **about: Any) -> tuple[str, str]:
        hearing = hear_kept(proposal_id=about["proposal_id"], actor=me)
        submitted = submit_draft(proposal_id=about["proposal_id"], actor=me, hearing=hearing)
        return _said(submitted), back


class RevertButton(ProposalButton):
    def act(self, me: User, back: str, **about: Any) -> tuple[str, str]:  # noqa: ARG002
        form = WhyForm(self.request.POST)
        why = form.cleaned_data["why"] if form.is_valid() else ""
        reverted = {"proposal_id": about["proposal_id"], "rationale": why, "actor": me}
        submitted = revert_mutation(**reverted, hearing=hear_revert(**reverted))
        return _said(submitted), page_of(submitted.proposal.id)


class ClearButton(Button):
    """What a change has made doubtful still is right."""

    def page(self, **about: Any) -> str:
        return reverse("admin:specs_node", args=[about["workspace_id"], about["key"]])

    def act(self, me: User, back: str, **about: Any) -> tuple[str, str]:
        workspace = about["workspace_id"]
        node = the_node(name=about["key"], actor=me, workspace_id=workspace)
        form = SeenForm(self.request.POST)
        if not form.is_valid():
            raise Invalid
        clear_suspects(
            nodes=[node],
            seen=form.cleaned_data["seen"],
            causes=_ids(self.request.POST.getlist("cause")),
            actor=me,
            workspace=workspace,
        )
        return "It still is right: that is on record.", back


def page_of(proposal_id: UUID) -> str:
    return reverse("admin:specs_proposal", args=[proposal_id])


def _ids(sent: list[str]) -> list[UUID]:
    try:
        return [UUID(one) for one in sent]
    except ValueError as error:
        raise Invalid from error


def _said(submitted: Submitted) -> str:
    return f"It is proposed. It is {submitted.proposal.get_state_display().lower()} now."
