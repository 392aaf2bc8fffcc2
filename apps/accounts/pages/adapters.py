"""How django-allauth is fitted to our people: agents stay out, what happens is recorded, secrets
are sealed, mails leave after the commit.
"""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.core import context as call
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from apps.accounts import events
from apps.accounts.errors import EmailTaken
from apps.accounts.models import User
from apps.accounts.pages.entry import may_enter, person
from apps.accounts.selectors.credentials import may_sign_in
from apps.accounts.services import browser, second_steps


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """People come by invitation, or register through the API."""
        return False

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        if user.is_agent or not may_sign_in(user):
            return HttpResponseRedirect(resolve_url("account_inactive"))
        # Whoever came through the API or a command has no row yet. Operators are vouched for.
        EmailAddress.objects.get_or_create(
            user=user,
            email=user.email,
            defaults={"primary": True, "verified": user.is_superuser},
        )
        return super().pre_login(request, user, **kwargs)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Wrong passwords are counted by django-axes, for every door alike; the library's own
        count stays in charge of wrong codes."""

    def login(self, request: HttpRequest, user: User) -> None:
        steps = [entry["method"] for entry in get_authentication_records(request, user)]
        happened = events.PersonLoggedIn(person=user.id, second_step="mfa" in steps)
        with browser.recorded(happened, actor=user):
            super().login(request, user)

    def logout(self, request: HttpRequest) -> None:
        user = person(request)
        with browser.recorded(events.PersonLoggedOut(person=user.id), actor=user):
            UserSession.objects.filter(session_key=request.session.session_key).delete()
            super().logout(request)

    def set_password(self, user: User, password: str) -> None:
        browser.set_password(user=user, password=password, actor=user)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        confirm = super().confirm_email
        try:
            return browser.verify_email(
                user=email_address.user, confirm=lambda: confirm(request, email_address)
            )
        except EmailTaken as refusal:
            messages.error(request, refusal.text)
            return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url("admin:index" if may_enter(request.user) else "account_home")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        return resolve_url("account_home")

    def get_reset_password_from_key_url(self, key: str) -> str:
        return _at_home(super().get_reset_password_from_key_url(key))

    def get_email_confirmation_url(
        self, request: HttpRequest, emailconfirmation: EmailConfirmation
    ) -> str:
        return _at_home(super().get_email_confirmation_url(request, emailconfirmation))

    def send_password_reset_mail(self, user: User, email: str, context: dict[str, Any]) -> None:
        if not user.is_agent:
            super().send_password_reset_mail(user, email, context)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """After the commit, and a mail server that fails breaks no page: the log says so."""
        context = {"request": call.request, "email": email, **context}
        message = self.render_mail(template_prefix, email, context)
        transaction.on_commit(message.send, robust=True)


class SecondStepAdapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return second_steps.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_steps.unseal(encrypted_text)


class SessionsAdapter(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions_to_end: list[UserSession]) -> None:
        user = person(call.request)
        happened = events.SessionsEnded(person=user.id, sessions=len(sessions_to_end))
        with browser.recorded(happened, actor=user):
            super().end_sessions(sessions_to_end)


def _at_home(url: str) -> str:
    """In mails: below our own address, never below the Host that a request named."""
    return settings.PUBLIC_URL + urlsplit(url)._replace(scheme="", netloc="").geturl()
