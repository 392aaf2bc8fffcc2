"""The folder that is kept alike with a workspace, over HTTP: how its files stand."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.common.api.openapi import errors
from apps.mirror.choices import FileState
from apps.mirror.errors import NoMirror
from apps.mirror.models import MirroredFile
from apps.mirror.selectors.mirrors import counted, files_of, the_mirror

READERS = (requires(Permission.READ),)


class MirrorOutput(serializers.Serializer[Any]):
    folder = serializers.CharField(help_text="Where it stands on the machine that keeps it.")
    revision = serializers.IntegerField(help_text="The last one it was compared with.")
    looked_at = serializers.DateTimeField(allow_null=True)
    said = serializers.CharField(help_text="What has to be told of the folder as a whole.")
    files = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many are in each state."
    )


class FileOutput(serializers.Serializer[Any]):
    path = serializers.CharField(help_text="Below the folder.")
    state = serializers.ChoiceField(choices=FileState.values)
    said = serializers.CharField(help_text="Why, where the state alone does not say it.")
    document = serializers.UUIDField(allow_null=True, help_text="The id of the spec that it is.")
    proposal = serializers.UUIDField(allow_null=True, help_text="The mutation that it waits for.")
    moved_at = serializers.DateTimeField(help_text="When it came to its state.")


class FileFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=FileState.values, required=False)


@extend_schema(tags=["mirror"])
class OneMirror(APIView):
    permission_classes = READERS

    @extend_schema(
        operation_id="mirror",
        summary="The folder that is kept alike with your workspace",
        parameters=[],
        responses={200: MirrorOutput, **errors(NoMirror)},
    )
    def get(self, request: Request) -> Response:
        found = the_mirror(actor=caller(request), workspace_id=standing(request).workspace_id)
        said = {name: getattr(found, name) for name in ("folder", "revision", "looked_at", "said")}
        return Response(MirrorOutput({**said, "files": counted(found.files.all())}).data)


@extend_schema(tags=["mirror"])
class Files(GenericAPIView[MirroredFile]):
    permission_classes = READERS
    queryset = MirroredFile.objects.none()
    serializer_class = FileOutput
    orderings = ("path",)

    @extend_schema(
        operation_id="mirror_files",
        summary="The files of that folder",
        description="What waits, conflicts or was refused names the mutation that says more.",
        parameters=[FileFilter],
        responses=FileOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = FileFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = files_of(
            actor=caller(request),
            workspace_id=standing(request).workspace_id,
            **asked.validated_data,
        )
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response([_shown(row) for row in page])


def _shown(row: MirroredFile) -> Mapping[str, Any]:
    fields = ("path", "state", "said", "document", "moved_at")
    said = {name: getattr(row, name) for name in fields}
    return FileOutput({**said, "proposal": row.proposal_id}).data
