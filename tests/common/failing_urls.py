"""Doors that fail in every way there is, for tests."""

import psycopg
import redis
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import OperationalError
from django.http import Http404, HttpResponse, HttpResponseForbidden
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET
from rest_framework import exceptions, serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.errors import Conflict, TooMany
from config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]

FAILURES = {
    "domain": lambda: Conflict("Taken.", details=[{"field": "name", "message": "Taken."}]),
    "wait": lambda: TooMany(retry_after=7),
    "throttled": lambda: exceptions.Throttled(wait=3),
    "nobody": exceptions.NotAuthenticated,
    "wrong": exceptions.AuthenticationFailed,
    "denied": exceptions.PermissionDenied,
    "django-denied": PermissionDenied,
    "missing": exceptions.NotFound,
    "django-missing": Http404,
    "suspicious": lambda: SuspiciousOperation("odd"),
    "model": lambda: ValidationError({"name": ["Too long."]}),
    "outage": lambda: OperationalError("server closed the connection"),
    "redis": lambda: redis.ConnectionError("refused"),
    "bug": lambda: ValueError("password=hunter2"),
    "raw-outage": psycopg.OperationalError,
}


class Line(serializers.Serializer):
    title = serializers.CharField(max_length=5)


class Order(serializers.Serializer):
    name = serializers.CharField()
    lines = Line(many=True)
    tags = serializers.ListField(child=serializers.CharField(), required=False)

    def validate(self, attrs):
        if attrs["name"] == "whole":
            raise serializers.ValidationError("As a whole, no.")
        return attrs


class Raise(APIView):
    permission_classes = ()

    def get(self, request, kind):
        raise FAILURES[kind]()


class Echo(APIView):
    permission_classes = ()

    def get(self, request):
        return Response(request.query_params)

    def post(self, request):
        return Response(request.data)


class Orders(APIView):
    permission_classes = ()

    def post(self, request):
        Order(data=request.data).is_valid(raise_exception=True)
        return Response(status=204)


def raise_plainly(request, kind):
    raise FAILURES[kind]()


@csrf_exempt
@require_GET
def readable(request):
    return HttpResponse("fine")


def forbidding(request):
    return HttpResponseForbidden("<h1>in its own words</h1>")


def form(request):
    return HttpResponse(request.POST.get("name", ""))


urlpatterns = [
    path("api/v1/raise/<str:kind>", Raise.as_view()),
    path("api/v1/echo", Echo.as_view()),
    path("api/v1/orders", Orders.as_view()),
    path("api/v1/plain/<str:kind>", raise_plainly),
    path("api/v1/forbidding", forbidding),
    path("api/v1/form", form),
    path("page/<str:kind>", raise_plainly),
    path("readable", readable),
    path("forbidding", forbidding),
]
