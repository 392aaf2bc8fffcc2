"""Acts: weighed, listed, explained, replayed, erased, and made into a draft."""

import time
from typing import Any
from uuid import UUID

from django.core import signing
from drf_spectacular.utils import OpenApiParameter, extend_schema
from pydantic import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.common.api.openapi import errors
from apps.common.bodies import details_of
from apps.common.errors import Invalid, InvalidCursor, NotFound
from apps.policies.acts import ActIn
from apps.policies.api.shapes import acts as shapes
from apps.policies.api.shapes.drafts import WholeDraftOutput
from apps.policies.api.shapes.verdicts import VerdictOutput, verdict_shown
from apps.policies.api.views.drafts import asked_for as draft_asked_for
from apps.policies.api.views.drafts import shown as draft_shown
from apps.policies.errors import (
    ActUnnamed,
    ActUnreadable,
    AlwaysAllowed,
    DenialStands,
    PolicyInvalid,
)
from apps.policies.models.acts import ActRecord
from apps.policies.ports import Act
from apps.policies.rules import count_of
from apps.policies.selectors import acts as read
from apps.policies.selectors.replays import acts_to_replay, replayed
from apps.policies.services.acts import always_allow, erase_act
from apps.policies.services.judging import weigh_act
from apps.policies.services.versions import check_policy

SALT = "policies.replay"
LARGEST = 50_000
"""Values of an act from outside, names included."""
FAULTS_LIMIT = 100
REPLAY_SECONDS = 10.0
"""After which no further act is judged again in one call; `next_cursor` goes on."""


def act_in(body: Any) -> Act:
    if count_of(body) > LARGEST:  # else telling what is wrong with each could take a minute
        raise Invalid(details=[{"field": "", "message": f"At most {LARGEST:,} values. Split it."}])
    try:
        return ActIn.model_validate(body).to_act()
    except ValidationError as error:
        raise Invalid(details=details_of(error)[:FAULTS_LIMIT]) from error


@extend_schema(tags=["policies"])
class Evaluate(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="What policy would say to an act of yours",
        description="By the policy that holds, or by a draft. Nothing is done, kept or counted.",
        request=ActIn,
        parameters=[OpenApiParameter("draft", UUID, description="A draft in place of it.")],
        responses={200: VerdictOutput, **errors(NotFound)},
    )
    def post(self, request: Request) -> Response:
        act = act_in(request.data)
        policy = None
        if wanted := request.query_params.get("draft"):
            text = draft_asked_for(request, _uuid("draft", wanted)).text
            policy = check_policy(text).as_if_in_force()
        verdict = weigh_act(
            act=act,
            actor=caller(request),
            workspace=standing(request).workspace_id,
            policy=policy,
        )
        return Response(verdict_shown(verdict))


@extend_schema(tags=["policies"])
class Acts(GenericAPIView[ActRecord]):
    permission_classes = (requires(Permission.READ),)
    queryset = ActRecord.objects.none()
    serializer_class = shapes.ActOutput

    @extend_schema(
        summary="Acts that were judged",
        description="Your own and your agents'; all of them for those who decide.",
        parameters=[shapes.ActFilter],
        responses=shapes.ActOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = shapes.ActFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = read.acts_of(
            workspace_id=standing(request).workspace_id,
            actor=caller(request),
            **asked.validated_data,
        )
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


def asked_for(request: Request, act_id: UUID) -> ActRecord:
    return read.act(
        act_id=act_id, workspace_id=standing(request).workspace_id, actor=caller(request)
    )


@extend_schema(tags=["policies"])
class OneAct(APIView):
    permission_classes = (requires(Permission.MANAGE_WORKSPACE),)

    @extend_schema(summary="One act that was judged", responses=shapes.ActOutput)
    def get(self, request: Request, act_id: UUID) -> Response:
        return Response(shapes.ActOutput(asked_for(request, act_id)).data)

    @extend_schema(
        summary="Erase what an act said",
        description="That it was judged, how, and its digest stay until the retention ends. The "
        "reason may stand in the query or in a body.",
        parameters=[shapes.EraseInput],
        responses={204: None},
    )
    def delete(self, request: Request, act_id: UUID) -> Response:
        given = shapes.EraseInput(data=request.data or request.query_params)
        given.is_valid(raise_exception=True)
        act = asked_for(request, act_id)
        erase_act(act=act, actor=caller(request), reason=given.validated_data["reason"])
        return Response(status=204)


@extend_schema(tags=["policies"])
class Explain(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="Why an act was judged as it was",
        description="The act, whoever performed it, the circumstances, and every gate and rule "
        "that was considered, with the line of the policy that held then.",
        responses={200: shapes.ExplanationOutput, **errors(ActUnreadable)},
    )
    def get(self, request: Request, act_id: UUID) -> Response:
        found = read.explanation(asked_for(request, act_id))
        return Response(shapes.explanation_shown(found))


@extend_schema(tags=["policies"])
class AlwaysAllow(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="Draft a rule that always allows this",
        description="With a test of it. An owner has to release the draft.",
        request=None,
        responses={
            201: WholeDraftOutput,
            **errors(ActUnreadable, ActUnnamed, DenialStands, AlwaysAllowed),
        },
    )
    @idempotent()
    def post(self, request: Request, act_id: UUID) -> Response:
        made = always_allow(act=asked_for(request, act_id), actor=caller(request))
        response = draft_shown(request, made.id, status=201)
        response["Location"] = f"/api/v1/policies/drafts/{made.id}"
        return response


@extend_schema(tags=["policies"])
class Replay(APIView):
    permission_classes = (requires(Permission.DECIDE, reading=Permission.DECIDE),)

    @extend_schema(
        summary="What another policy would have said of the last days",
        description="Judges recorded acts again, the oldest first, up to `limit` (1000 at most) "
        "and for about ten seconds in one call; `next_cursor` goes on. Nothing is changed.",
        request=shapes.ReplayInput,
        responses={200: shapes.ReplayOutput, **errors(PolicyInvalid, NotFound)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.ReplayInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        text = asked.get("content")
        if text is None:
            text = draft_asked_for(request, asked["draft"]).text
        policy = check_policy(text).compiled
        chosen = acts_to_replay(
            workspace_id=standing(request).workspace_id,
            actor=caller(request),
            days=asked["days"],
            after=_place(asked.get("cursor")),
        )
        total = chosen.count()
        found = []
        ends = time.monotonic() + REPLAY_SECONDS
        for one in replayed(policy, chosen, limit=asked["limit"]):
            found.append(one)
            if time.monotonic() > ends:
                break
        more = total > len(found)
        return Response(
            {
                "compared": sum(one.readable for one in found),
                "unreadable": sum(not one.readable for one in found),
                "total": total,
                "flips": [
                    shapes.replayed_shown(one) for one in found if one.flipped or one.shifted
                ],
                "next_cursor": signing.dumps(str(found[-1].act.id), salt=SALT) if more else None,
            }
        )


def _place(cursor: str | None) -> UUID | None:
    if cursor is None:
        return None
    try:
        return UUID(signing.loads(cursor, salt=SALT))
    except signing.BadSignature as error:
        raise InvalidCursor from error


def _uuid(field: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(details=[{"field": field, "message": "A UUID."}]) from error
