"""/admin/audit/: mounted by the console's site, in its namespace."""

from django.contrib import admin
from django.urls import URLPattern, path

from apps.activity.pages import audit

guard = admin.site.admin_view

urlpatterns: list[URLPattern] = [
    path("", guard(audit.audit_page), name="audit"),
    path("<uuid:workspace_id>/verify/", guard(audit.verify_now), name="audit_verify"),
    path("<uuid:workspace_id>/export/", guard(audit.export), name="audit_export"),
]
