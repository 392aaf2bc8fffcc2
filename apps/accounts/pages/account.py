"""The pages of one's own account that are ours, and the library's where something is recorded."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import EmailView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.generic import TemplateView

from apps.accounts import events
from apps.accounts.errors import EmailTaken
from apps.accounts.models import Membership
from apps.accounts.pages.entry import may_enter, person
from apps.accounts.pages.forms import TimeZoneForm
from apps.accounts.services import people
from apps.accounts.services.browser import address_watched, recorded
from apps.common.errors import DomainError
from apps.common.refusals import put_on


class AccountHome(LoginRequiredMixin, TemplateView):
    template_name = "account/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = person(self.request)
        return super().get_context_data(
            **kwargs,
            person=user,
            memberships=Membership.objects.visible_to(user)
            .filter(user=user)
            .select_related("workspace")
            .order_by("workspace__name"),
            email_verified=EmailAddress.objects.filter(
                user=user, email=user.email, verified=True
            ).exists(),
            second_step=Authenticator.objects.filter(
                user=user, type=Authenticator.Type.TOTP
            ).exists(),
            sessions=UserSession.objects.filter(user=user).count(),
            may_enter_console=may_enter(user),
        )


@login_required
def time_zone(request: HttpRequest) -> HttpResponse:
    me = person(request)
    given = request.POST if request.method == "POST" else None
    form = TimeZoneForm(given, initial={"time_zone": me.time_zone})
    if form.is_valid():
        try:
            people.change_profile(person=me, actor=me, **form.cleaned_data)
        except DomainError as refusal:
            put_on(form, refusal)
        else:
            messages.success(request, f"Your time zone is {form.cleaned_data['time_zone']}.")
            return redirect(get_next_redirect_url(request) or "account_home")
    by_place = {zone for zone in people.time_zones() if "/" in zone and "Etc/" not in zone}
    shown = {"form": form, "zones": sorted({"UTC", *by_place})}
    return TemplateResponse(request, "account/time_zone.html", shown)


class Sessions(ListUserSessionsView):
    """Ends one session when it is named, else all others."""

    stays_open = True

    def form_valid(self, form: Form) -> HttpResponse:
        if named := self.request.POST.get("session", ""):
            mine = UserSession.objects.filter(user=person(self.request))
            pk = int(named) if named.isdecimal() else 0
            end_sessions(self.request, [get_object_or_404(mine, pk=pk)])
            return HttpResponseRedirect(self.get_success_url())
        return super().form_valid(form)


class Email(EmailView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "action_primary" in request.POST:  # which address counts, the mailed link decides
            return redirect("account_email")
        try:
            with address_watched(user=person(request)):
                return super().post(request, *args, **kwargs)
        except EmailTaken as refusal:
            messages.error(request, refusal.text)
            return redirect("account_email")


class ActivateTotp(ActivateTOTPView):
    def form_valid(self, form: Form) -> HttpResponse:
        user = person(self.request)
        with recorded(events.SecondStepEnabled(person=user.id), actor=user):
            people.end_sessions(user.id)  # API logins that a password alone opened
            return super().form_valid(form)


class DeactivateTotp(DeactivateTOTPView):
    def form_valid(self, form: Form) -> HttpResponse:
        user = person(self.request)
        with recorded(events.SecondStepDisabled(person=user.id), actor=user):
            return super().form_valid(form)


class GenerateRecoveryCodes(GenerateRecoveryCodesView):
    def form_valid(self, form: Form) -> HttpResponse:
        user = person(self.request)
        with recorded(events.RecoveryCodesMade(person=user.id), actor=user):
            return super().form_valid(form)
