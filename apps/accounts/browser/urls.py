"""/accounts/: ours first, then the library's."""

from django.urls import URLPattern, URLResolver, include, path

from apps.accounts.browser import invitations, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.AccountHome.as_view(), name="account_home"),
    path("invitation/<str:token>", invitations.follow, name="follow_invitation"),
    path("email/", views.Email.as_view(), name="account_email"),
    path("sessions/", views.Sessions.as_view(), name="usersessions_list"),
    path("2fa/totp/activate/", views.ActivateTotp.as_view(), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", views.DeactivateTotp.as_view(), name="mfa_deactivate_totp"),
    path(
        "2fa/recovery-codes/generate/",
        views.GenerateRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("", include("allauth.urls")),
]
