"""Is it there, and can it work? For load balancers, supervisors and Prometheus: no credentials."""

from typing import Any

import redis
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiExample, extend_schema
from prometheus_client import CONTENT_TYPE_LATEST
from redis.backoff import NoBackoff
from redis.retry import Retry
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common import metrics
from apps.common.errors import Unavailable
from apps.common.version import VERSION


class Open(APIView):
    """Answered to everybody, always: no credentials, no rate limit."""

    authentication_classes = []
    permission_classes = []
    throttle_classes = []


class StatusSerializer(serializers.Serializer[Any]):
    status = serializers.CharField()


class VersionedStatusSerializer(StatusSerializer):
    version = serializers.CharField()


class ReadinessSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["ok", "degraded"])
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="What it can work without for a while."
    )


OK = OpenApiExample("It answers", {"status": "ok"})


class Health(Open):
    @extend_schema(
        summary="Does it answer?", tags=["health"], responses=StatusSerializer, examples=[OK]
    )
    def get(self, _: Request) -> Response:
        return Response({"status": "ok"})


class VersionedHealth(Open):
    @extend_schema(
        summary="Does it answer, and which version?",
        tags=["health"],
        responses=VersionedStatusSerializer,
    )
    def get(self, _: Request) -> Response:
        return Response({"status": "ok", "version": VERSION})


class Liveness(Open):
    @extend_schema(
        summary="Is the process alive?",
        description="Looks at nothing else. If it does not answer, restart the process.",
        tags=["health"],
        responses=StatusSerializer,
        examples=[OK],
    )
    def get(self, _: Request) -> Response:
        return Response({"status": "ok"})


class Readiness(Open):
    @extend_schema(
        summary="Can it take requests?",
        description="503 names what is missing. Without Redis everything works but slower to be "
        "told, so that is 200 and `degraded`.",
        tags=["health"],
        responses=ReadinessSerializer,
        examples=[OpenApiExample("All there", {"status": "ok", "missing": []})],
    )
    def get(self, _: Request) -> Response:
        if not _database_answers():
            raise Unavailable(
                details=[{"field": "database", "message": "It does not answer."}], retry_after=2
            )
        if not _is_migrated():
            raise Unavailable(
                details=[{"field": "migrations", "message": "Run manage.py migrate."}],
                retry_after=5,
            )
        missing = [] if _redis_answers() else ["redis"]
        return Response({"status": "degraded" if missing else "ok", "missing": missing})


@csrf_exempt
@never_cache
@require_safe
def show_metrics(_: HttpRequest) -> HttpResponse:
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


_migrated_databases: set[str] = set()


def _is_migrated() -> bool:
    """Looked up until it is true: migrations are not undone under a running process."""
    name = str(connection.settings_dict["NAME"])
    if name not in _migrated_databases:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated_databases.add(name)
    return True


def _redis_answers() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0)
    )
    try:
        with client:
            return bool(client.ping())
    except redis.RedisError:
        return False
