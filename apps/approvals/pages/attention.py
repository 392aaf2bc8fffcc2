"""/admin/review/attention/: how one wants to be asked, in all one's workspaces."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from apps.accounts.pages.entry import person
from apps.approvals.choices import MailMode
from apps.approvals.selectors.people import attention_of
from apps.approvals.services.attention import change_attention
from apps.common.errors import DomainError
from apps.common.refusals import put_on


def _clock(label: str, help_text: str = "", **more: Any) -> forms.TimeField:
    shown = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, help_text=help_text, widget=shown, **more)


class AttentionForm(forms.Form):
    mail = forms.ChoiceField(
        label="When something waits on you", choices=MailMode.choices, widget=forms.RadioSelect
    )
    digest_at = _clock("The mail of a day is sent at")
    quiet_from = _clock("Quiet from", "From then on nothing is sent. It waits.", required=False)
    quiet_until = _clock("Quiet until", required=False)
    remind = forms.BooleanField(
        label="Remind me of what is due, and before it expires", required=False
    )


def attention_page(request: HttpRequest) -> HttpResponse:
    me = person(request)
    now = attention_of(me.id)
    form = AttentionForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(now, name) for name in AttentionForm.base_fields},
    )
    if form.is_valid():
        try:
            change_attention(person=me, actor=me, **form.cleaned_data)
        except DomainError as refusal:
            put_on(form, refusal)
        else:
            messages.success(request, "You are asked like this from now on.")
            return redirect("admin:review_attention")
    shown = {"title": "How you are asked", "form": form, "zone": me.time_zone}
    return TemplateResponse(
        request, "review/attention.html", {**admin.site.each_context(request), **shown}
    )
