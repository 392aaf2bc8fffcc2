"""The API of accounts, below /api/v1/."""

from django.urls import path

from apps.accounts.api.views import sessions

urlpatterns = [
    path("auth/register", sessions.Register.as_view()),
    path("auth/login", sessions.Login.as_view()),
    path("auth/refresh", sessions.Refresh.as_view()),
    path("auth/logout", sessions.Logout.as_view()),
    path("auth/me", sessions.Me.as_view()),
    path("auth/password", sessions.Password.as_view()),
]
