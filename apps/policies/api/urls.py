"""The API of policies, below /api/v1/."""

from django.urls import URLPattern, path

from apps.policies.api.views.switch import Switch

urlpatterns: list[URLPattern] = [
    path("kill-switch", Switch.as_view()),
]
