"""What every server has: health, metrics, and the description of its API."""

from django.urls import path

from apps.common.api import documents, health

urlpatterns = [
    path("health", health.Health.as_view()),
    path("healthz", health.Health.as_view()),
    path("api/v1/health", health.VersionedHealth.as_view()),
    path("livez", health.Liveness.as_view()),
    path("readyz", health.Readiness.as_view()),
    path("metrics", health.show_metrics),
    path("api/v1/schema", documents.Description.as_view(), name="schema"),
    path("docs", documents.SwaggerPage.as_view(), name="swagger"),
    path("redoc", documents.RedocPage.as_view(), name="redoc"),
    path("redoc.js", documents.redoc_script, name="redoc-script"),
]
