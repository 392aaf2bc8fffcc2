"""The paths of folders that are kept alike."""

from django.urls import URLPattern, path

from apps.mirror.api import views

urlpatterns: list[URLPattern] = [
    path("api/v1/mirror", views.OneMirror.as_view()),
    path("api/v1/mirror/files", views.Files.as_view()),
]
