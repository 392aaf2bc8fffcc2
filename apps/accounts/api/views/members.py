"""Who belongs to a workspace, and who is invited to."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import PeopleOnly, caller, requires, signed_in, standing
from apps.accounts.api import shapes
from apps.accounts.api.views.workspaces import shown
from apps.accounts.choices import Permission, Scope
from apps.accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    InvalidRole,
    InvitationClosed,
    InvitationForSomebodyElse,
    LastOwner,
    PersonalWorkspace,
)
from apps.accounts.models import Invitation, Membership
from apps.accounts.selectors.members import invitations_of, members_of
from apps.accounts.services import invitations, members
from apps.common.api.openapi import errors


class MemberList(GenericAPIView[Membership]):
    queryset = Membership.objects.none()
    serializer_class = shapes.MemberOutput

    def listed(self, workspace_id: UUID) -> Response:
        found = members_of(actor=caller(self.request), workspace_id=workspace_id)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@extend_schema(tags=["members"])
class CurrentMembers(MemberList):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="The members of your present workspace",
        responses=shapes.MemberOutput(many=True),
        operation_id="members_list",
    )
    def get(self, request: Request) -> Response:
        return self.listed(standing(request).workspace_id)


@extend_schema(tags=["members"])
class Members(MemberList):
    permission_classes = (signed_in(Scope.MANAGE),)

    @extend_schema(
        summary="The members of a workspace",
        responses=shapes.MemberOutput(many=True),
        operation_id="workspaces_members_list",
    )
    def get(self, request: Request, workspace_id: UUID) -> Response:  # noqa: ARG002
        return self.listed(workspace_id)


@extend_schema(tags=["members"])
class Member(APIView):
    permission_classes = (signed_in(Scope.MANAGE),)

    @extend_schema(
        summary="Give a member another role",
        request=shapes.RoleInput,
        responses={200: shapes.MemberOutput, **errors(LastOwner, InvalidRole)},
    )
    def patch(self, request: Request, workspace_id: UUID, user_id: UUID) -> Response:
        given = shapes.RoleInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        members.change_role(
            workspace_id=workspace_id, user_id=user_id, **given.validated_data, actor=me
        )
        changed = members_of(actor=me, workspace_id=workspace_id).get(user_id=user_id)
        return Response(shapes.MemberOutput(changed).data)

    @extend_schema(
        summary="Remove a member, and the agents they own here",
        responses={204: None, **errors(LastOwner, PersonalWorkspace)},
    )
    def delete(self, request: Request, workspace_id: UUID, user_id: UUID) -> Response:
        members.remove_member(workspace_id=workspace_id, user_id=user_id, actor=caller(request))
        return Response(status=204)


@extend_schema(tags=["members"])
class Leave(APIView):
    permission_classes = (signed_in(Scope.MANAGE), PeopleOnly)

    @extend_schema(
        summary="Leave a workspace",
        request=None,
        responses={204: None, **errors(LastOwner, PersonalWorkspace)},
    )
    def post(self, request: Request, workspace_id: UUID) -> Response:
        members.leave_workspace(workspace_id=workspace_id, actor=caller(request))
        return Response(status=204)


# --- invitations


@extend_schema(tags=["invitations"])
class Invitations(GenericAPIView[Invitation]):
    permission_classes = (signed_in(Scope.MANAGE, reading=Scope.MANAGE), PeopleOnly)
    queryset = Invitation.objects.none()
    serializer_class = shapes.InvitationOutput

    @extend_schema(
        summary="The invitations of a workspace",
        responses=shapes.InvitationOutput(many=True),
        operation_id="workspaces_invitations_list",
    )
    def get(self, request: Request, workspace_id: UUID) -> Response:
        found = invitations_of(actor=caller(request), workspace_id=workspace_id)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Invite somebody by e-mail",
        request=shapes.InvitationInput,
        responses={
            201: shapes.InvitationOutput,
            **errors(AlreadyInvited, AlreadyMember, PersonalWorkspace),
        },
    )
    @idempotent()
    def post(self, request: Request, workspace_id: UUID) -> Response:
        given = shapes.InvitationInput(data=request.data)
        given.is_valid(raise_exception=True)
        invitation = invitations.create_invitation(
            workspace_id=workspace_id, **given.validated_data, actor=caller(request)
        )
        return Response(shapes.InvitationOutput(invitation).data, status=201)


class ManagedInvitation(APIView):
    permission_classes = (signed_in(Scope.MANAGE), PeopleOnly)


@extend_schema(tags=["invitations"])
class Resend(ManagedInvitation):
    @extend_schema(
        summary="Send an invitation again, with a new link",
        request=None,
        responses={200: shapes.InvitationOutput, **errors(InvitationClosed)},
    )
    @idempotent()
    def post(self, request: Request, invitation_id: UUID) -> Response:
        invitation = invitations.resend_invitation(
            invitation_id=invitation_id, actor=caller(request)
        )
        return Response(shapes.InvitationOutput(invitation).data)


@extend_schema(tags=["invitations"])
class RevokeInvitation(ManagedInvitation):
    stays_open = True

    @extend_schema(
        summary="Revoke an invitation",
        request=None,
        responses={200: shapes.InvitationOutput, **errors(InvitationClosed)},
    )
    @idempotent()
    def post(self, request: Request, invitation_id: UUID) -> Response:
        invitation = invitations.revoke_invitation(
            invitation_id=invitation_id, actor=caller(request)
        )
        return Response(shapes.InvitationOutput(invitation).data)


@extend_schema(tags=["invitations"])
class Accept(ManagedInvitation):
    @extend_schema(
        summary="Accept an invitation that was sent to your address",
        request=shapes.AcceptInput,
        responses={
            200: shapes.WorkspaceOutput,
            **errors(InvitationClosed, InvitationForSomebodyElse, AlreadyMember),
        },
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.AcceptInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        membership = invitations.accept_invitation(**given.validated_data, actor=me)
        return Response(shown(me, membership.workspace_id))
