"""The library's forms where we are stricter: a code is good once, an address stays until another
is proved. And the one that is ours.
"""

from allauth.account.forms import AddEmailForm
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm
from django import forms
from django.http import HttpRequest

from apps.accounts.services.second_steps import first_use


class CodeOnce(BaseAuthenticateForm):
    def clean_code(self) -> str:
        code: str = super().clean_code()
        if not first_use(self.authenticator, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class SecondStepForm(CodeOnce, AuthenticateForm):
    pass


class ProveAgainForm(CodeOnce, ReauthenticateForm):
    pass


class AnotherAddressForm(AddEmailForm):
    def save(self, request: HttpRequest) -> EmailAddress:
        """The library would take an unverified address away at once, and leave none at all."""
        waiting = EmailAddress.objects.filter(user=self.user, verified=False)
        waiting.exclude(email=self.user.email).delete()
        wanted = EmailAddress.objects.create(user=self.user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, wanted)
        return wanted


class TimeZoneForm(forms.Form):
    time_zone = forms.CharField(
        label="Time zone",
        max_length=50,
        help_text="Named like Europe/Berlin, or UTC.",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
