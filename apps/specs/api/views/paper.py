"""Kinds of nodes, and all that a workspace's specs say, over HTTP."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.common.api.openapi import errors
from apps.specs.choices import LinkKind, Status
from apps.specs.errors import KindInvalid, MomentUnknown
from apps.specs.kinds import BUILT_IN, Kind
from apps.specs.paper.whole import whole_of
from apps.specs.selectors.exporting import library_of
from apps.specs.selectors.kinds import kinds_of
from apps.specs.selectors.nodes import revision_named
from apps.specs.services.kinds import define_kind

RISK = {
    "name": "risk",
    "prefix": "RISK",
    "schema": {
        "type": "object",
        "properties": {"likelihood": {"enum": ["low", "high"]}},
        "required": ["likelihood"],
    },
}


class KindInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=40, help_text="Small letters, digits and `_`.")
    prefix = serializers.CharField(
        max_length=12, allow_blank=True, help_text="Of the keys that its nodes are given."
    )
    schema = serializers.DictField(
        default=dict, help_text="JSON Schema (Draft 2020-12) of its nodes' attributes."
    )


class KindOutput(KindInput):
    is_built_in = serializers.BooleanField(help_text="Whether every workspace has it.")


class DefinedKindOutput(KindOutput):
    misfits = serializers.ListField(
        child=serializers.CharField(),
        help_text="Keys of nodes that the schema would not take, at most 100. They stay as they "
        "are.",
    )
    all_judged = serializers.BooleanField(
        help_text="Whether there are no others. False where looking at all nodes would have taken "
        "too long, or there are more."
    )


class ExportedNode(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    heading = serializers.CharField()
    body = serializers.CharField()
    attributes = serializers.DictField()
    labels = serializers.ListField(child=serializers.CharField())
    owner = serializers.UUIDField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    vars()["parent"] = serializers.CharField(
        allow_null=True, help_text="The key of what it is a part of."
    )
    links = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text=f"Keys, by kind: {', '.join(LinkKind)}.",
    )


class ExportedKind(serializers.Serializer[Any]):
    prefix = serializers.CharField()
    schema = serializers.DictField()


class ExportOutput(serializers.Serializer[Any]):
    vars()["format"] = serializers.CharField()
    kinds = serializers.DictField(child=ExportedKind())
    nodes = ExportedNode(many=True)


@extend_schema(tags=["specs"])
class Kinds(APIView):
    def get_permissions(self) -> list[BasePermission]:
        manages = self.request.method == "POST"
        return [requires(Permission.MANAGE_WORKSPACE if manages else Permission.READ)()]

    @extend_schema(
        summary="The kinds of specs that your workspace has",
        responses=KindOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        kinds = kinds_of(standing(request).workspace_id)
        return Response([_shown(name, kind) for name, kind in kinds.items()])

    @extend_schema(
        summary="Define a kind, or what it demands",
        description="A new one, or what an existing one demands of attributes from now on. One "
        "that every workspace has keeps its prefix. Nodes that do not fit are named, and stay.",
        request=KindInput,
        examples=[OpenApiExample("a kind of your own", RISK, request_only=True)],
        responses={200: DefinedKindOutput, **errors(KindInvalid)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = KindInput(data=request.data)
        given.is_valid(raise_exception=True)
        workspace = standing(request).workspace_id
        made = define_kind(**given.validated_data, actor=caller(request), workspace=workspace)
        return Response(
            {**_shown(made.name, made.kind), "misfits": made.misfits, "all_judged": made.all_judged}
        )


@extend_schema(tags=["specs"])
class Export(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="All specs of your workspace, as one JSON",
        description="Each before its parts, and they in order. `manage.py import_specs` reads it "
        "into any workspace.",
        parameters=[
            OpenApiParameter("as_of", str, description="A day, a moment, or a revision: `rev:41`.")
        ],
        responses={200: ExportOutput, **errors(MomentUnknown)},
    )
    def get(self, request: Request) -> Response:
        workspace, name = standing(request).workspace_id, request.query_params.get("as_of", "")
        revision = revision_named(name, workspace_id=workspace) if name else None
        library = library_of(workspace=workspace, actor=caller(request), revision=revision)
        return Response(whole_of(library))


def _shown(name: str, kind: Kind) -> dict[str, Any]:
    return {
        "name": name,
        "prefix": kind.prefix,
        "schema": kind.schema,
        "is_built_in": name in BUILT_IN,
    }
