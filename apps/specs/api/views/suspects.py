"""Doubtful links over HTTP: listed, and cleared."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, require_scope, requires, standing
from apps.accounts.choices import Permission, Scope
from apps.common.api.openapi import errors
from apps.specs.api.shapes import specs as shapes
from apps.specs.api.views.specs import READERS, node_called, query
from apps.specs.errors import ChangedSince, NodeMissing
from apps.specs.models.graph import Node, Suspect
from apps.specs.selectors.nodes import the_nodes
from apps.specs.selectors.suspects import needed_to_clear, suspects_of
from apps.specs.services.suspects import clear_suspects

WHO = (
    "By the person who looks after the spec, or else by who may decide; because of the `causes` "
    "that they looked at, and of nothing that a list did not show them. Cleared already, they stay "
    "so; if one may not be cleared, or has changed again since the revision that you have `seen`, "
    "none is."
)


class Listed(GenericAPIView[Suspect]):
    permission_classes = READERS
    queryset = Suspect.objects.none()
    serializer_class = shapes.SuspectOutput

    def listed(self, request: Request, **asked: Any) -> Response:
        found = suspects_of(
            workspace_id=standing(request).workspace_id, actor=caller(request), **asked
        )
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response([shapes.suspect(row) for row in page])


@extend_schema(tags=["specs"])
class Suspects(Listed):
    @extend_schema(
        operation_id="specs_suspects_of_all",
        summary="Links that a change has made doubtful",
        description="What they come from may not be right any more, until somebody clears them.",
        parameters=[shapes.SuspectFilter],
        responses=shapes.SuspectOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = query(request, shapes.SuspectFilter)
        owner = {"node__owner_id": asked["owner"]} if "owner" in asked else {}
        return self.listed(request, **owner)


@extend_schema(tags=["specs"])
class NodeSuspects(Listed):
    @extend_schema(
        summary="Doubtful links of a spec",
        parameters=[],
        responses={200: shapes.SuspectOutput(many=True), **errors(NodeMissing)},
    )
    def get(self, request: Request, key: str) -> Response:
        return self.listed(request, node=node_called(request, key))


@extend_schema(tags=["specs"])
class ClearSuspects(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="Say that a spec still is right",
        description=f"Clears doubtful links of it. {WHO}",
        request=shapes.ClearInput,
        examples=[
            OpenApiExample("of one cause", {"seen": 41, "causes": ["GOAL-3"]}, request_only=True)
        ],
        responses={200: shapes.ClearedOutput, **errors(NodeMissing, ChangedSince)},
    )
    @idempotent()
    def post(self, request: Request, key: str) -> Response:
        sent = shapes.ClearInput(data=request.data)
        sent.is_valid(raise_exception=True)
        return _cleared(request, [node_called(request, key)], **sent.validated_data)


@extend_schema(tags=["specs"])
class ClearMany(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        operation_id="specs_suspects_clear_many",
        summary="Say that several specs still are right",
        description=f"Clears doubtful links of theirs, of each because of any of the causes. {WHO}",
        request=shapes.ClearManyInput,
        examples=[
            OpenApiExample(
                "two",
                {"specs": ["REQ-12", "TEST-4"], "seen": 41, "causes": ["GOAL-3"]},
                request_only=True,
            ),
        ],
        responses={200: shapes.ClearedOutput, **errors(NodeMissing, ChangedSince)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        sent = shapes.ClearManyInput(data=request.data)
        sent.is_valid(raise_exception=True)
        wanted = sent.validated_data
        return _cleared(request, _named(request, wanted.pop("specs")), **wanted)


def _cleared(
    request: Request, nodes: Sequence[Node], *, seen: int, causes: Sequence[str]
) -> Response:
    me = caller(request)
    if any(needed_to_clear(node, me) == Permission.DECIDE for node in nodes):
        require_scope(request, Scope.DECIDE)
    found = clear_suspects(
        nodes=nodes,
        seen=seen,
        causes=[cause.id for cause in _named(request, causes)],
        actor=me,
        workspace=standing(request).workspace_id,
    )
    return Response({"cleared": len(found)})


def _named(request: Request, names: Sequence[str]) -> list[Node]:
    return the_nodes(
        names=names, actor=caller(request), workspace_id=standing(request).workspace_id
    )
