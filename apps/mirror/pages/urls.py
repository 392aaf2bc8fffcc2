"""/admin/files/: mounted by the console's site, in its namespace."""

from django.contrib import admin
from django.urls import URLPattern, path

from apps.mirror.pages.files import FilesHome, FilesPage

guard = admin.site.admin_view

urlpatterns: list[URLPattern] = [
    path("", guard(FilesHome.as_view()), name="mirror"),
    path("<uuid:workspace_id>/", guard(FilesPage.as_view()), name="mirror_files"),
]
