"""Workspaces, from creation to deletion."""

import tempfile
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import PeopleOnly, caller, signed_in
from apps.accounts.api import shapes
from apps.accounts.choices import Scope
from apps.accounts.errors import (
    ExportOutdated,
    ExportRequired,
    InvalidRole,
    PersonalWorkspace,
    WorkspaceArchived,
)
from apps.accounts.models import Membership, User
from apps.accounts.services import exports, workspaces
from apps.common.api.openapi import errors
from apps.common.errors import NotFound


def mine(user: User) -> QuerySet[Membership]:
    return Membership.objects.of(user).select_related("workspace")


def shown(user: User, workspace_id: UUID) -> dict[str, object]:
    """A workspace as the caller stands in it now."""
    found = mine(user).filter(workspace_id=workspace_id).first()
    if found is None:
        raise NotFound
    return shapes.WorkspaceOutput(found).data


@extend_schema(tags=["workspaces"])
class Workspaces(GenericAPIView[Membership]):
    permission_classes = (signed_in(Scope.MANAGE),)
    queryset = Membership.objects.none()
    serializer_class = shapes.WorkspaceOutput

    @extend_schema(
        summary="The workspaces you belong to",
        responses=shapes.WorkspaceOutput(many=True),
        operation_id="workspaces_list",
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(mine(caller(request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Create a workspace that you own",
        request=shapes.WorkspaceInput,
        responses={201: shapes.WorkspaceOutput},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.WorkspaceInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        made = workspaces.create_workspace(**given.validated_data, owner=me, actor=me)
        return Response(shown(me, made.id), status=201)


class ManagedWorkspace(APIView):
    permission_classes = [signed_in(Scope.MANAGE)]


@extend_schema(tags=["workspaces"])
class OneWorkspace(ManagedWorkspace):
    @extend_schema(summary="One workspace", responses=shapes.WorkspaceOutput)
    def get(self, request: Request, workspace_id: UUID) -> Response:
        return Response(shown(caller(request), workspace_id))

    @extend_schema(
        summary="Rename a workspace",
        request=shapes.WorkspaceInput,
        responses={200: shapes.WorkspaceOutput, **errors(WorkspaceArchived)},
    )
    def patch(self, request: Request, workspace_id: UUID) -> Response:
        given = shapes.WorkspaceInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        workspaces.rename_workspace(workspace_id=workspace_id, **given.validated_data, actor=me)
        return Response(shown(me, workspace_id))

    @extend_schema(
        summary="Delete a workspace that was exported",
        description="Everybody is out, every key is revoked and its encrypted texts cannot be "
        "read by anybody any more. Its audit stays. Send the digest of an export since which "
        "nothing has happened.",
        parameters=[shapes.DeletionInput],
        responses={204: None, **errors(ExportRequired, ExportOutdated)},
    )
    def delete(self, request: Request, workspace_id: UUID) -> Response:
        given = shapes.DeletionInput(data=request.query_params)
        given.is_valid(raise_exception=True)
        workspaces.delete_workspace(
            workspace_id=workspace_id,
            export_digest=given.validated_data.get("export_digest", ""),
            actor=caller(request),
        )
        return Response(status=204)


@extend_schema(tags=["workspaces"])
class Archive(ManagedWorkspace):
    @extend_schema(
        summary="Archive a workspace: it can be read, and nothing else",
        request=None,
        responses=shapes.WorkspaceOutput,
    )
    def post(self, request: Request, workspace_id: UUID) -> Response:
        me = caller(request)
        workspaces.archive_workspace(workspace_id=workspace_id, actor=me)
        return Response(shown(me, workspace_id))


@extend_schema(tags=["workspaces"])
class Unarchive(ManagedWorkspace):
    @extend_schema(
        summary="Bring an archived workspace back", request=None, responses=shapes.WorkspaceOutput
    )
    def post(self, request: Request, workspace_id: UUID) -> Response:
        me = caller(request)
        workspaces.unarchive_workspace(workspace_id=workspace_id, actor=me)
        return Response(shown(me, workspace_id))


@extend_schema(tags=["workspaces"])
class Transfer(ManagedWorkspace):
    permission_classes = [*ManagedWorkspace.permission_classes, PeopleOnly]

    @extend_schema(
        summary="Make another member the owner in your place",
        request=shapes.TransferInput,
        responses={
            200: shapes.WorkspaceOutput,
            **errors(PersonalWorkspace, WorkspaceArchived, InvalidRole),
        },
    )
    @idempotent()
    def post(self, request: Request, workspace_id: UUID) -> Response:
        given = shapes.TransferInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        workspaces.transfer_ownership(
            workspace_id=workspace_id, to_person=given.validated_data["to"], actor=me
        )
        return Response(shown(me, workspace_id))


@extend_schema(tags=["workspaces"])
class Export(ManagedWorkspace):
    @extend_schema(
        summary="Everything a workspace owns, its audit included, as a zip of JSON Lines",
        description="For very large workspaces there is `manage.py export_workspace`.",
        request=None,
        responses={
            (200, "application/zip"): OpenApiResponse(
                OpenApiTypes.BINARY, description="`manifest.json` names each file and its digest."
            )
        },
        parameters=[
            OpenApiParameter(
                "X-Export-Digest",
                location=OpenApiParameter.HEADER,
                response=[200],
                description="SHA-256 of the file. A deletion asks for it.",
            )
        ],
    )
    def post(self, request: Request, workspace_id: UUID) -> HttpResponse:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "export.zip"
            export = exports.export_workspace(
                workspace_id=workspace_id, target=target, actor=caller(request)
            )
            content = target.read_bytes()
        headers = {
            "X-Export-Digest": export.digest,
            "Content-Disposition": f'attachment; filename="{workspace_id}.zip"',
        }
        return HttpResponse(content, content_type="application/zip", headers=headers)
