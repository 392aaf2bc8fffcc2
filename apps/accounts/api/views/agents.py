"""Agents and API keys of the present workspace, and socket tickets."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import (
    PeopleOnly,
    caller,
    credential,
    requires,
    signed_in,
    standing,
)
from apps.accounts.api import shapes
from apps.accounts.choices import Permission, Scope
from apps.accounts.errors import (
    AgentDisabled,
    InvalidRole,
    InvalidScope,
    KeyRevoked,
    OutlivesItsIssuer,
    WorkspaceArchived,
)
from apps.accounts.models import ApiKey, Membership, User
from apps.accounts.selectors.credentials import keys_of
from apps.accounts.selectors.members import agents_of
from apps.accounts.services import agents, keys, tickets
from apps.common.api.openapi import errors
from apps.common.errors import NotFound


def shown_agent(request: Request, agent_id: UUID) -> dict[str, Any]:
    return shapes.AgentOutput(_agent(request, agent_id)).data


def _agent(request: Request, agent_id: UUID) -> Membership:
    place = standing(request)
    found = agents_of(actor=caller(request), workspace_id=place.workspace_id)
    agent = found.filter(user_id=agent_id).first()
    if agent is None:
        raise NotFound
    return agent


def issued(result: keys.IssuedKey) -> dict[str, Any]:
    return {**shapes.KeyOutput(result.key).data, "api_key": result.text}


@extend_schema(tags=["agents"])
class Agents(GenericAPIView[Membership]):
    permission_classes = (requires(Permission.WRITE), signed_in(Scope.MANAGE))
    queryset = Membership.objects.none()
    serializer_class = shapes.AgentOutput

    @extend_schema(
        summary="The agents of your present workspace",
        responses=shapes.AgentOutput(many=True),
        operation_id="agents_list",
    )
    def get(self, request: Request) -> Response:
        place = standing(request)
        found = agents_of(actor=caller(request), workspace_id=place.workspace_id)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        summary="Create an agent that acts for you",
        request=shapes.AgentInput,
        responses={201: shapes.AgentOutput, **errors(InvalidRole)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.AgentInput(data=request.data)
        given.is_valid(raise_exception=True)
        me = caller(request)
        agent = agents.create_agent(
            workspace_id=standing(request).workspace_id, owner=me, actor=me, **given.validated_data
        )
        return Response(shown_agent(request, agent.id), status=201)


class ManagedAgent(APIView):
    permission_classes = (requires(Permission.WRITE), signed_in(Scope.MANAGE))


@extend_schema(tags=["agents"])
class OneAgent(ManagedAgent):
    @extend_schema(summary="One agent", responses=shapes.AgentOutput)
    def get(self, request: Request, agent_id: UUID) -> Response:
        return Response(shown_agent(request, agent_id))

    @extend_schema(
        summary="Rename an agent, or give it another owner, which revokes its keys",
        request=shapes.AgentChange,
        responses=shapes.AgentOutput,
    )
    def patch(self, request: Request, agent_id: UUID) -> Response:
        given = shapes.AgentChange(data=request.data)
        given.is_valid(raise_exception=True)
        agents.change_agent(
            agent_id=agent_id,
            workspace_id=standing(request).workspace_id,
            name=given.validated_data.get("name"),
            owner_id=given.validated_data.get("owner"),
            actor=caller(request),
        )
        return Response(shown_agent(request, agent_id))


@extend_schema(tags=["agents"])
class Disable(ManagedAgent):
    stays_open = True

    @extend_schema(
        summary="Disable an agent: its keys stop working at once",
        request=None,
        responses=shapes.AgentOutput,
    )
    def post(self, request: Request, agent_id: UUID) -> Response:
        place = standing(request).workspace_id
        agents.disable_agent(agent_id=agent_id, workspace_id=place, actor=caller(request))
        return Response(shown_agent(request, agent_id))


@extend_schema(tags=["agents"])
class Enable(ManagedAgent):
    @extend_schema(summary="Enable a disabled agent", request=None, responses=shapes.AgentOutput)
    def post(self, request: Request, agent_id: UUID) -> Response:
        place = standing(request).workspace_id
        agents.enable_agent(agent_id=agent_id, workspace_id=place, actor=caller(request))
        return Response(shown_agent(request, agent_id))


class KeyList(GenericAPIView[ApiKey]):
    permission_classes = (
        requires(Permission.READ),
        signed_in(Scope.MANAGE, reading=Scope.MANAGE),
        PeopleOnly,
    )
    queryset = ApiKey.objects.none()
    serializer_class = shapes.KeyOutput

    def listed(self, **only: Any) -> Response:
        place = standing(self.request).workspace_id
        found = keys_of(actor=caller(self.request), workspace_id=place).filter(**only)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def made_for(self, holder: User) -> Response:
        given = shapes.KeyInput(data=self.request.data)
        given.is_valid(raise_exception=True)
        result = keys.issue_key(
            holder=holder,
            workspace_id=standing(self.request).workspace_id,
            actor=caller(self.request),
            within=credential(self.request).scopes,
            until=credential(self.request).expires_at,
            **given.validated_data,
        )
        return Response(issued(result), status=201)


@extend_schema(tags=["agents"])
class AgentKeys(KeyList):
    @extend_schema(
        summary="The keys of an agent",
        responses=shapes.KeyOutput(many=True),
        operation_id="agents_keys_list",
    )
    def get(self, request: Request, agent_id: UUID) -> Response:
        return self.listed(user_id=_agent(request, agent_id).user_id)

    @extend_schema(
        summary="Issue a key for an agent of yours. It is shown once",
        request=shapes.KeyInput,
        responses={
            201: shapes.IssuedKeyOutput,
            **errors(InvalidScope, OutlivesItsIssuer, AgentDisabled, WorkspaceArchived),
        },
    )
    @idempotent(shown_once=["api_key"])
    def post(self, request: Request, agent_id: UUID) -> Response:
        return self.made_for(_agent(request, agent_id).user)


@extend_schema(tags=["keys"])
class Keys(KeyList):
    @extend_schema(
        summary="Your keys and those of your agents; all of them if you manage members",
        responses=shapes.KeyOutput(many=True),
        operation_id="api_keys_list",
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return self.listed()

    @extend_schema(
        summary="Issue a key for yourself. It is shown once",
        request=shapes.KeyInput,
        responses={
            201: shapes.IssuedKeyOutput,
            **errors(InvalidScope, OutlivesItsIssuer, WorkspaceArchived),
        },
    )
    @idempotent(shown_once=["api_key"])
    def post(self, request: Request) -> Response:
        return self.made_for(caller(request))


class ManagedKey(APIView):
    permission_classes = (signed_in(Scope.MANAGE), PeopleOnly)


@extend_schema(tags=["keys"])
class Rotate(ManagedKey):
    @extend_schema(
        summary="Replace a key by a new one with the same rights. It is shown once",
        request=shapes.RotationInput,
        responses={
            201: shapes.IssuedKeyOutput,
            **errors(KeyRevoked, AgentDisabled, InvalidScope, OutlivesItsIssuer),
        },
    )
    @idempotent(shown_once=["api_key"])
    def post(self, request: Request, key_id: UUID) -> Response:
        given = shapes.RotationInput(data=request.data)
        given.is_valid(raise_exception=True)
        grace = timedelta(seconds=given.validated_data["grace_seconds"])
        result = keys.rotate_key(
            key_id=key_id,
            grace=grace,
            actor=caller(request),
            within=credential(request).scopes,
            until=credential(request).expires_at,
        )
        return Response(issued(result), status=201)


@extend_schema(tags=["keys"])
class Revoke(ManagedKey):
    stays_open = True

    @extend_schema(summary="Revoke a key, at once", request=None, responses=shapes.KeyOutput)
    def post(self, request: Request, key_id: UUID) -> Response:
        key = keys.revoke_key(key_id=key_id, actor=caller(request))
        return Response(shapes.KeyOutput(key).data)


@extend_schema(tags=["sockets"])
class Tickets(APIView):
    stays_open = True
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="A ticket that opens one socket within 30 seconds",
        request=None,
        responses={201: shapes.TicketOutput},
    )
    @idempotent(shown_once=["ticket"])
    def post(self, request: Request) -> Response:
        ticket = tickets.issue_ticket(
            user=caller(request),
            credential=credential(request),
            workspace_id=standing(request).workspace_id,
        )
        seconds = int(tickets.GOOD_FOR.total_seconds())
        return Response({"ticket": ticket, "expires_in": seconds}, status=201)
