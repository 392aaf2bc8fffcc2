"""/accounts/: ours first, then the library's."""

from allauth.account.views import login, logout, reauthenticate
from allauth.mfa.base.views import authenticate
from allauth.mfa.base.views import reauthenticate as prove_again
from django.urls import URLPattern, URLResolver, include, path

from apps.accounts.pages import account, invitations
from apps.ledger.switch import stays_open

urlpatterns: list[URLPattern | URLResolver] = [
    path("", account.AccountHome.as_view(), name="account_home"),
    # Who signs in or out may do so while a kill switch is on.
    path("login/", stays_open(login), name="account_login"),
    path("logout/", stays_open(logout), name="account_logout"),
    path("reauthenticate/", stays_open(reauthenticate), name="account_reauthenticate"),
    path("2fa/authenticate/", stays_open(authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", stays_open(prove_again), name="mfa_reauthenticate"),
    path("invitation/<str:token>", invitations.follow, name="follow_invitation"),
    path("email/", account.Email.as_view(), name="account_email"),
    path("time-zone/", account.time_zone, name="account_time_zone"),
    path("sessions/", account.Sessions.as_view(), name="usersessions_list"),
    path("2fa/totp/activate/", account.ActivateTotp.as_view(), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", account.DeactivateTotp.as_view(), name="mfa_deactivate_totp"),
    path(
        "2fa/recovery-codes/generate/",
        account.GenerateRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("", include("allauth.urls")),
]
