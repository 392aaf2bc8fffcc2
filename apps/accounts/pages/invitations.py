"""Following the link of an invitation: sign in or make an account, and join."""

from typing import Any

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.credentials import fingerprint
from apps.accounts.models import Invitation, User
from apps.accounts.pages.entry import person
from apps.accounts.services.browser import join_by_invitation
from apps.accounts.services.invitations import accept_invitation
from apps.common.errors import DomainError
from apps.common.refusals import put_on


class JoinForm(forms.Form):
    """For who is new here. Who has an account needs a button and no form."""

    name = forms.CharField(max_length=100, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


@never_cache
@require_http_methods(["GET", "POST"])
def follow(request: HttpRequest, token: str) -> HttpResponseBase:
    invitation = (
        Invitation.objects.filter(token_hash=fingerprint(token))
        .select_related("workspace", "invited_by")
        .first()
    )
    if invitation is None or not invitation.is_open:
        return render(request, "account/invitation_closed.html", status=404)
    context = {"invitation": invitation, "here": request.path}
    if request.user.is_authenticated:
        return _as_oneself(request, token, context)
    if User.objects.get_queryset().filter(email=invitation.email.lower()).exists():
        return render(request, "account/invitation.html", context | {"step": "sign_in"})
    return _as_newcomer(request, token, context)


def _as_oneself(request: HttpRequest, token: str, context: dict[str, Any]) -> HttpResponse:
    fits = person(request).email == context["invitation"].email.lower()
    if fits and request.method == "POST":
        try:
            accept_invitation(token=token, actor=person(request))
        except DomainError as refusal:
            context["refusal"] = refusal.text
        else:
            return redirect(reverse("account_home"))
    return render(
        request, "account/invitation.html", context | {"step": "accept" if fits else "other"}
    )


def _as_newcomer(request: HttpRequest, token: str, context: dict[str, Any]) -> HttpResponseBase:
    form = JoinForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            newcomer = join_by_invitation(token=token, **form.cleaned_data)
        except DomainError as refusal:
            put_on(form, refusal)
        else:
            newcomer.backend = "django.contrib.auth.backends.ModelBackend"
            return perform_login(request, Login(user=newcomer, email=newcomer.email))
    return render(request, "account/invitation.html", context | {"step": "join", "form": form})
