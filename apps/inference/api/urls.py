"""The paths of models."""

from django.urls import URLPattern, path

from apps.inference.api.views import MonthlyBudget, UsageOfMonth

urlpatterns: list[URLPattern] = [
    path("api/v1/inference/budget", MonthlyBudget.as_view()),
    path("api/v1/inference/usage", UsageOfMonth.as_view()),
]
