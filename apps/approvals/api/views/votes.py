"""Deciding, and taking a decision or a request back."""

from typing import Any
from uuid import UUID

from django.utils.http import parse_etags
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import PeopleOnly, caller, requires, standing
from apps.accounts.access.preparing import Prepared
from apps.accounts.choices import Permission
from apps.approvals.api.shapes import votes as shapes
from apps.approvals.api.shapes.requests import RequestOutput
from apps.approvals.api.views.requests import answer_with, asked_for
from apps.approvals.choices import Via
from apps.approvals.errors import (
    AlreadyDecided,
    NotOpen,
    NotReshapable,
    NotYourTurn,
    OperationsUnknown,
    ReasonMissing,
    SelfApproval,
    ThreadsOpen,
    TooManyAtOnce,
    UndoOver,
    ViewMissing,
    ViewMoved,
    VoteStands,
)
from apps.approvals.selectors.queue import requests_of
from apps.approvals.services.bulk import cast_votes
from apps.approvals.services.opening import withdraw_request
from apps.approvals.services.voting import ENDING, Wanted, cast_vote, undo_decision
from apps.common.api.openapi import errors
from apps.common.errors import DomainError
from apps.ledger.errors import KillSwitchOn
from apps.ledger.switch import keep_open

DECIDERS = (PeopleOnly, requires(Permission.DECIDE))
REFUSALS = (
    *(AlreadyDecided, VoteStands, SelfApproval, NotYourTurn, ViewMoved, ViewMissing),
    *(ReasonMissing, NotReshapable, OperationsUnknown, ThreadsOpen, KillSwitchOn),
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the request as you saw it, in place of `digest`.",
)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
APPROVAL = {"decision": "approve", "digest": DIGEST, "comment": "Reads well."}


class Deciding(Prepared):
    """Rejecting and vetoing go on while the kill switch is on, approving does not: so it is read
    first which of them is asked for."""

    permission_classes = DECIDERS
    stays_open = True
    reads: type[Serializer[Any]]
    given: dict[str, Any]

    def prepare(self, request: Request, **_: Any) -> None:
        sent = self.reads(data=request.data)
        sent.is_valid(raise_exception=True)
        self.given = sent.validated_data


@extend_schema(tags=["approvals"])
class Votes(Deciding):
    reads = shapes.VoteInput

    def prepare(self, request: Request, **kwargs: Any) -> None:
        super().prepare(request, **kwargs)
        keep_open(self.given["decision"] in ENDING)

    @extend_schema(
        summary="Decide",
        description="`digest` is the `view_digest` of what you saw; where it has moved on the "
        "answer is 412 and nothing was cast. Sent again, the same vote answers 200 and is the "
        "same vote. Another decision than the one that stands takes `change`. An approval may be "
        "of some `operations` alone: the rest is then asked about by itself. It may come with "
        "`edits`, whose author you become. Who decides is whose credential this is. While the "
        "kill switch is on, only rejections and vetoes pass.",
        parameters=[IF_MATCH],
        request=shapes.VoteInput,
        examples=[
            OpenApiExample("approve", APPROVAL, request_only=True),
            OpenApiExample(
                "ask for changes",
                {"decision": "request_changes", "digest": DIGEST, "comment": "Name the units."},
                request_only=True,
            ),
            OpenApiExample("a part of it", {**APPROVAL, "operations": [0, 2]}, request_only=True),
        ],
        responses={200: shapes.CastOutput, 201: shapes.CastOutput, **errors(*REFUSALS)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        cast = cast_vote(
            request_id=request_id,
            wanted=_wanted(self.given, seen_in_header=_digest_in(request)),
            actor=caller(request),
            workspace=standing(request).workspace_id,
        )
        return Response(shapes.cast(cast), status=200 if cast.again else 201)


@extend_schema(tags=["approvals"])
class Bulk(Deciding):
    reads = shapes.BulkInput

    @extend_schema(
        summary="Decide on many",
        description="Up to 100 at once. Each is cast or refused by itself, and `results` has one "
        "entry for each, in the order they were sent.",
        request=shapes.BulkInput,
        examples=[
            OpenApiExample(
                "two",
                {
                    "decisions": [
                        {"id": "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7", **APPROVAL},
                        {
                            "id": "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d8",
                            "decision": "reject",
                            "digest": DIGEST,
                        },
                    ]
                },
                request_only=True,
            )
        ],
        responses={200: shapes.BulkOutput, **errors(TooManyAtOnce)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        me, workspace_id = caller(request), standing(request).workspace_id
        wanted = [(one["id"], _wanted(one)) for one in self.given["decisions"]]
        came_of = cast_votes(wanted=wanted, workspace=workspace_id, actor=me)
        ended = all(
            vote.decision in ENDING or isinstance(outcome, DomainError)
            for (_, vote), outcome in zip(wanted, came_of, strict=True)
        )
        keep_open(ended)
        now = requests_of(workspace_id=workspace_id, actor=me).in_bulk([id_ for id_, _ in wanted])
        results = [
            shapes.outcome(id_, now.get(id_), outcome)
            for (id_, _), outcome in zip(wanted, came_of, strict=True)
        ]
        return Response({"results": results})


@extend_schema(tags=["approvals"])
class Undo(APIView):
    permission_classes = DECIDERS

    @extend_schema(
        summary="Take an approval back",
        description="By who approved it last, where the policy grants time for it and until it "
        "takes effect. Taken back already, it stays so.",
        request=None,
        responses={200: RequestOutput, **errors(UndoOver, NotYourTurn)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        found = asked_for(request, request_id)
        undone = undo_decision(request_id=found.id, actor=caller(request), via=Via.API)
        return answer_with(request, undone)


@extend_schema(tags=["approvals"])
class Withdraw(APIView):
    permission_classes = (requires(Permission.WRITE),)
    stays_open = True

    @extend_schema(
        summary="Take a request back",
        description="By who proposed it, or owns the agent that did. Withdrawn already, it stays "
        "so. It passes while the kill switch is on.",
        request=None,
        responses={200: RequestOutput, **errors(NotOpen)},
    )
    @idempotent()
    def post(self, request: Request, request_id: UUID) -> Response:
        found = asked_for(request, request_id)
        return answer_with(request, withdraw_request(request_id=found.id, actor=caller(request)))


def _wanted(given: dict[str, Any], *, seen_in_header: str = "") -> Wanted:
    return Wanted(
        decision=given["decision"],
        digest=given["digest"] or seen_in_header,
        via=Via.API,
        comment=given["comment"],
        operations=given.get("operations"),
        edits=given.get("edits"),
        change=given["change"],
    )


def _digest_in(request: Request) -> str:
    """The ETag of a request begins with the digest of its view."""
    tags = parse_etags(request.headers.get("If-Match", ""))
    return tags[0].strip('"').partition(".")[0] if len(tags) == 1 and tags[0] != "*" else ""
