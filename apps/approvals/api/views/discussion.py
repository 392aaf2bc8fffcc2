"""What is said of a request, and the files that came with it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, require_scope, requires
from apps.accounts.choices import Permission, Scope
from apps.approvals.api.shapes.discussion import CommentInput, CommentOutput
from apps.approvals.api.views.requests import asked_for
from apps.approvals.attachments import as_download
from apps.approvals.choices import Said
from apps.approvals.errors import AttachmentRefused, NotOpen, PlaceMoved
from apps.approvals.models.people import Comment
from apps.approvals.selectors.discussion import (
    comments_on,
    read_comments,
    the_attachment,
    the_thread,
)
from apps.approvals.services.discussing import MEDIA_TYPES, add_comment, read_file
from apps.approvals.services.threads import reopen_thread, resolve_thread
from apps.common.api.openapi import errors

EXAMPLES = [
    OpenApiExample(
        "a question",
        {"text": "@Ada, why is the old name kept?", "said": "question"},
        request_only=True,
    ),
    OpenApiExample(
        "on a line",
        {
            "text": "This drops the old name.",
            "place": {"operation": 0, "side": "after", "line": 12},
            "required": True,
        },
        request_only=True,
    ),
]


@extend_schema(tags=["approvals"])
class Comments(GenericAPIView[Comment]):
    permission_classes = (requires(Permission.WRITE),)
    queryset = Comment.objects.none()
    serializer_class = CommentOutput
    orderings: tuple[str, ...] = ("id", "-id")

    @extend_schema(
        summary="What was said of a request",
        description="The oldest first; `ordering=-id` begins with the newest.",
        responses=CommentOutput(many=True),
    )
    def get(self, request: Request, request_id: UUID) -> Response:
        page = self.paginate_queryset(comments_on(asked_for(request, request_id))) or []
        return self.get_paginated_response(CommentOutput(read_comments(page), many=True).data)

    @extend_schema(
        summary="Say something of a request",
        description="For those who may decide, and for who proposed it (an agent too) or owns the "
        "agent that did. When a request is over it takes notes and answers, and no questions. With "
        "a `place` it is said of a line, or of an operation, and can be resolved.",
        request=CommentInput,
        examples=EXAMPLES,
        responses={201: CommentOutput, **errors(NotOpen, PlaceMoved, AttachmentRefused)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        sent = CommentInput(data=request.data)
        sent.is_valid(raise_exception=True)
        given = sent.validated_data
        if given["required"]:
            require_scope(request, Scope.DECIDE)
        comment = add_comment(
            request_id=asked_for(request, request_id).id,
            text=given["text"],
            said=Said(given["said"]),
            reply_to=given.get("reply_to"),
            mentions=given.get("mentions", []),
            place=given.get("place"),
            required=given["required"],
            files=[read_file(**file) for file in given.get("attachments", [])],
            actor=caller(request),
        )
        comment.refresh_from_db(fields=["at"])
        return Response(_shown(comment), status=201)


@extend_schema(tags=["approvals"])
class Resolve(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="Resolve a thread",
        description="For who began it and for those who may decide. What is required, nobody "
        "resolves who proposed it or owns the agent that did, unless they began it.",
        request=None,
        responses=CommentOutput,
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID, comment_id: UUID) -> Response:
        return _turned(request, request_id, comment_id, resolve_thread)


@extend_schema(tags=["approvals"])
class Reopen(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="Open a thread again",
        description="For those who may resolve it.",
        request=None,
        responses=CommentOutput,
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID, comment_id: UUID) -> Response:
        return _turned(request, request_id, comment_id, reopen_thread)


def _turned(
    request: Request, request_id: UUID, comment_id: UUID, turn: Callable[..., Comment]
) -> Response:
    """Where approving waits for the thread, it takes a credential that may decide."""
    found = asked_for(request, request_id)
    if the_thread(comment_id=comment_id, request=found).required:
        require_scope(request, Scope.DECIDE)
    return Response(_shown(turn(request_id=found.id, comment_id=comment_id, actor=caller(request))))


def _shown(comment: Comment) -> dict[str, Any]:
    return dict(CommentOutput(read_comments([comment])[0]).data)


@extend_schema(tags=["approvals"])
class OneAttachment(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="A file that came with a comment",
        description="Always to be saved: no browser opens it in place.",
        responses={
            (200, media_type): OpenApiResponse(OpenApiTypes.BINARY) for media_type in MEDIA_TYPES
        },
    )
    def get(self, request: Request, request_id: UUID, attachment_id: UUID) -> HttpResponse:
        file, content = the_attachment(
            attachment_id=attachment_id,
            request=asked_for(request, request_id),
            actor=caller(request),
        )
        return as_download(file, content)
