"""The API of models, below /api/v1/."""

from django.urls import URLPattern, path

from apps.inference.api.views import MonthlyBudget, UsageOfMonth

urlpatterns: list[URLPattern] = [
    path("inference/budget", MonthlyBudget.as_view()),
    path("inference/usage", UsageOfMonth.as_view()),
]
