"""The paths of plans: the promised short ones, and those below /api/v1."""

from django.urls import URLPattern, path

from apps.plans.api import views

_PLAN = "api/v1/plans/<uuid:plan_id>"

urlpatterns: list[URLPattern] = [
    path("plan", views.ProposePlan.as_view()),
    path("plan/ideas", views.Ideas.as_view()),
    path("plan/pr", views.ProposePull.as_view()),
    path("dev/pr-from-plan", views.ProposePull.as_view()),
    path("api/v1/plans", views.Plans.as_view()),
    path("api/v1/plans/ideas", views.Ideas.as_view()),
    path(_PLAN, views.OnePlan.as_view()),
    path(f"{_PLAN}/artifact", views.ArtifactFile.as_view()),
    path(f"{_PLAN}/patch", views.PatchFile.as_view()),
    path(f"{_PLAN}/pr", views.PlanPull.as_view()),
]
