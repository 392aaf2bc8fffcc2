"""Drafts of a workspace's policy, and their release."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.common.api.openapi import errors
from apps.common.api.preconditions import answer_with_tag, etag, require_match
from apps.common.errors import PreconditionFailed, PreconditionRequired
from apps.policies.api.shapes import drafts as shapes
from apps.policies.api.shapes.policies import AppliedOutput, HeldOutput
from apps.policies.api.views.policies import REFUSALS, ReleasingView, applied
from apps.policies.errors import DraftClosed, PolicyInvalid, PolicyUnchanged, TooManyDrafts
from apps.policies.models.policies import PolicyDraft
from apps.policies.selectors import policies as read
from apps.policies.services import drafts
from apps.policies.services.approving import approval_of_draft
from apps.policies.services.versions import release_policy

IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag of the draft as you saw it."
)


def asked_for(request: Request, draft_id: UUID) -> PolicyDraft:
    return read.draft(
        draft_id=draft_id, workspace_id=standing(request).workspace_id, actor=caller(request)
    )


def tag_of(draft: PolicyDraft) -> str:
    found = approval_of_draft(draft.id)
    asked = (found.id, found.state, found.view_digest) if found else ()
    return etag("draft", draft.id, draft.revision, draft.state, *asked)


def shown(request: Request, draft_id: UUID, *, status: int = 200) -> Response:
    found = asked_for(request, draft_id)
    body = shapes.WholeDraftOutput(found).data
    return answer_with_tag(request, tag_of(found), body, status=status)


@extend_schema(tags=["policies"])
class Drafts(GenericAPIView[PolicyDraft]):
    permission_classes = (requires(Permission.WRITE),)
    queryset = PolicyDraft.objects.none()
    serializer_class = shapes.DraftOutput

    @extend_schema(
        summary="Drafts of the policy",
        parameters=[shapes.DraftFilter],
        responses=shapes.DraftOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = shapes.DraftFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = read.drafts_of(workspace_id=standing(request).workspace_id, actor=caller(request))
        page = self.paginate_queryset(found.filter(**asked.validated_data).defer("text"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Begin a draft",
        description="Against the version that holds now. It holds nothing until an owner "
        "releases it.",
        request=shapes.DraftInput,
        responses={201: shapes.WholeDraftOutput, **errors(PolicyInvalid, TooManyDrafts)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.DraftInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = drafts.draft_policy(
            text=given.validated_data["content"],
            reason=given.validated_data["reason"],
            workspace=standing(request).workspace_id,
            actor=caller(request),
        )
        response = shown(request, made.id, status=201)
        response["Location"] = f"/api/v1/policies/drafts/{made.id}"
        return response


@extend_schema(tags=["policies"])
class Draft(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(summary="One draft, with its text", responses=shapes.WholeDraftOutput)
    def get(self, request: Request, draft_id: UUID) -> Response:
        return shown(request, draft_id)

    @extend_schema(
        summary="Change a draft",
        request=shapes.DraftChange,
        parameters=[IF_MATCH],
        responses={
            200: shapes.WholeDraftOutput,
            **errors(PolicyInvalid, DraftClosed, PreconditionFailed, PreconditionRequired),
        },
    )
    def patch(self, request: Request, draft_id: UUID) -> Response:
        given = shapes.DraftChange(data=request.data)
        given.is_valid(raise_exception=True)
        found = asked_for(request, draft_id)
        require_match(request, tag_of(found))
        drafts.change_draft(
            draft=found,
            revision=found.revision,
            text=given.validated_data["content"],
            reason=given.validated_data.get("reason"),
            actor=caller(request),
        )
        return shown(request, draft_id)

    @extend_schema(summary="Discard a draft", responses={204: None, **errors(DraftClosed)})
    def delete(self, request: Request, draft_id: UUID) -> Response:
        drafts.discard_draft(draft=asked_for(request, draft_id), actor=caller(request))
        return Response(status=204)


@extend_schema(tags=["policies"])
class Release(ReleasingView):
    def wanted(self, request: Request, **kwargs: Any) -> tuple[str, str]:
        found = asked_for(request, kwargs["draft_id"])
        return found.text, found.reason

    @extend_schema(
        summary="Release a draft: from now on it holds",
        description="For owners. Its own tests have to pass, the policy that holds has to let the "
        "change pass, and no other version may have been released since the draft was begun. "
        "Where a rule of it asks for approval of its own change, "
        "the answer is 202 with the request: the draft holds once that is approved.",
        request=None,
        parameters=[IF_MATCH],
        responses={
            200: AppliedOutput,
            202: HeldOutput,
            **errors(
                *REFUSALS, DraftClosed, PolicyUnchanged, PreconditionFailed, PreconditionRequired
            ),
        },
    )
    @idempotent()
    def post(self, request: Request, draft_id: UUID) -> Response:
        found = asked_for(request, draft_id)
        require_match(request, tag_of(found))
        released = release_policy(
            draft=found, revision=found.revision, hearing=self.hearing, actor=caller(request)
        )
        return applied(released)
