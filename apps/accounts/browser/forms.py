"""The second step as the library asks for it; here each code is good once."""

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm, ReauthenticateForm

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
