"""The short doors that the founding documents promise: what waits on somebody, and their answer.

They show no digest to send back, so an answer is bound to what was last shown to the same person
here.
"""

from typing import Any
from uuid import UUID

from django.db.models import F
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import REPLAYED, idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.accounts.models import User
from apps.accounts.selectors.members import members_of
from apps.approvals.api.shapes import promised as shapes
from apps.approvals.api.views.requests import asked_for
from apps.approvals.api.views.votes import Deciding
from apps.approvals.choices import Decision
from apps.approvals.errors import (
    AlreadyDecided,
    NotYourTurn,
    SelfApproval,
    ViewMissing,
    ViewMoved,
    VoteStands,
)
from apps.approvals.selectors.briefs import briefs
from apps.approvals.selectors.queue import requests_of, waiting_on
from apps.approvals.services.cards import note_shown, seen_digest
from apps.approvals.services.voting import Wanted, cast_vote
from apps.common.api.openapi import errors
from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.ledger.errors import KillSwitchOn

CHANNEL = "api"
REFUSALS = (
    *(AlreadyDecided, VoteStands, SelfApproval, NotYourTurn),
    *(ViewMoved, ViewMissing, KillSwitchOn),
)


@extend_schema(tags=["approvals"])
class Pending(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="What waits on you",
        description="What is due first comes first. You have seen then what an answer to "
        "`/approvals/{request_id}/respond` without a `digest` decides on. `user_id` is your own id "
        "or e-mail; who manages the workspace may name another member.",
        parameters=[shapes.PendingQuery],
        responses={200: shapes.PendingOutput, **errors(NotFound)},
    )
    def get(self, request: Request) -> Response:
        asked = shapes.PendingQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        me, workspace_id = caller(request), standing(request).workspace_id
        person = _person_named(request, asked.validated_data["user_id"])
        page, limit = asked.validated_data["page"], asked.validated_data["limit"]
        waiting = waiting_on(
            person, requests_of(workspace_id=workspace_id, actor=me), workspace_id=workspace_id
        )
        start = (page - 1) * limit
        in_order = waiting.order_by(F("due_at").asc(nulls_last=True), "id")
        found = briefs(list(in_order[start : start + limit]))
        if person.id == me.id:
            note_shown([brief.request for brief in found], CHANNEL, me.id)
        return Response(
            {
                "approvals": [brief.shown for brief in found],
                "page": page,
                "limit": limit,
                "total": waiting.count(),
            }
        )


@extend_schema(tags=["approvals"])
class Respond(Deciding):
    reads = shapes.ResponseInput

    def prepare(self, request: Request, **kwargs: Any) -> None:
        super().prepare(request, **kwargs)
        _require_consistent(self.given, kwargs["request_id"], caller(request))

    @extend_schema(
        summary="Approve or reject",
        description="Who answers is whose credential this is. Without a `digest` it is on what you "
        "were last shown by `/approvals/pending`: 428 if that was nothing, 412 if it has changed "
        "since. The same answer sent again is the first one again. While the kill switch is on, "
        "only rejections pass.",
        request=shapes.ResponseInput,
        examples=[
            OpenApiExample(
                "approve",
                {
                    "request_id": "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7",
                    "approved": True,
                    "responded_via": "web",
                    "comments": "Reads well.",
                },
                request_only=True,
            )
        ],
        responses={200: shapes.ResponseOutput, **errors(*REFUSALS)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        me, given = caller(request), self.given
        found = asked_for(request, request_id)
        wanted = Wanted(
            decision=Decision.APPROVE if given["approved"] else Decision.REJECT,
            digest=given["digest"] or seen_digest(found, CHANNEL, me.id) or "",
            via=given["responded_via"],
            comment=given["comments"],
            change=given["change"],
        )
        cast = cast_vote(request_id=found.id, wanted=wanted, actor=me)
        [brief] = briefs([cast.request])
        body = {
            "request_id": str(found.id),
            "approved": given["approved"],
            "responded_by": str(me.id),
            "responded_via": cast.vote.via,
            "responded_at": cast.vote.at,
            "request": brief.shown,
        }
        return Response(body, headers={REPLAYED: "true"} if cast.again else {})


def _person_named(request: Request, named: str) -> User:
    me, place = caller(request), standing(request)
    if not named or _is(me, named):
        return me
    if not place.permits(Permission.MANAGE_WORKSPACE):
        raise NotAllowed("What waits on others is shown to those who manage the workspace.")
    for membership in members_of(actor=me, workspace_id=place.workspace_id):
        if _is(membership.user, named):
            return membership.user
    raise NotFound


def _is(user: User, named: str) -> bool:
    return named.lower() in (str(user.id), user.email.lower())


def _require_consistent(given: dict[str, Any], request_id: UUID, me: User) -> None:
    """What a body says of who and what cannot move an answer, but it may be a mistake."""
    wrong = []
    if given["request_id"] not in (None, request_id):
        wrong.append({"field": "request_id", "message": "The address names another request."})
    if given["responded_by"] and not _is(me, given["responded_by"]):
        text = "Your credential is somebody else's: leave this out, or send your own id or e-mail."
        wrong.append({"field": "responded_by", "message": text})
    if wrong:
        raise Invalid(details=wrong)
