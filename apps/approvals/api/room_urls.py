"""The promised short paths of approvals, and what stands beside them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
