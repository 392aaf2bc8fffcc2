"""Mutations over HTTP: proposed, read, submitted, taken back, taken up again, undone."""

from contextlib import suppress
from typing import Any, ClassVar
from uuid import UUID

import orjson
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import REPLAYED, idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.access.preparing import Prepared
from apps.accounts.choices import Permission
from apps.approvals.errors import NobodyEligible, NotOpen
from apps.approvals.selectors.requests import approval_about
from apps.common.api.openapi import errors
from apps.common.api.preconditions import answer_with_tag, etag, require_match
from apps.common.bodies import read_body
from apps.common.errors import DomainError, PreconditionFailed
from apps.ledger.errors import KillSwitchOn
from apps.policies.services.judging import Hearing
from apps.specs.api.shapes import mutations as shapes
from apps.specs.choices import KIND
from apps.specs.errors import NodeMissing, NothingToRevert, OperationsInvalid, ProposalMoved
from apps.specs.models.proposals import Proposal
from apps.specs.selectors.nodes import the_node
from apps.specs.selectors.proposals import overlaps_of, proposals_of, the_proposal
from apps.specs.selectors.verdicts import verdict_on
from apps.specs.services.closing import withdraw_mutation
from apps.specs.services.drawing import hear_kept, hear_mutation, hear_revert, unhear
from apps.specs.services.submitting import (
    Submitted,
    preview_mutation,
    revert_mutation,
    revise_mutation,
    submit_draft,
    submit_mutation,
)

IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the proposal as you saw it: 412 if it has moved on since.",
)
REFUSALS = (OperationsInvalid, NobodyEligible, KillSwitchOn)
STALE = (PreconditionFailed,)
EDIT = {
    "op": "edit",
    "target": "REQ-12",
    "old": "within 30 days",
    "new": "within 14 days",
}
EXAMPLE = {
    "title": "Refund within 14 days",
    "rationale": "The law says so since the first of May.",
    "operations": [
        EDIT,
        {"op": "set", "target": "REQ-12", "attribute": "priority", "value": "must"},
        {"op": "unlink", "target": "REQ-12", "kind": "refines", "to": "GOAL-3"},
    ],
}
CREATION = {
    "title": "Tell customers what a refund comes to",
    "operations": [
        {
            "op": "create",
            "kind": "requirement",
            "title": "Refunds are confirmed by mail",
            "body": "The shop SHALL confirm each refund by mail within one hour.\n",
            "labels": ["refunds"],
            "links": [{"kind": "refines", "target": "GOAL-3"}],
        }
    ],
    "dry_run": True,
}


def asked_for(request: Request, proposal_id: UUID) -> Proposal:
    return the_proposal(
        proposal_id=proposal_id, actor=caller(request), workspace_id=standing(request).workspace_id
    )


def shown(request: Request, proposal_id: UUID) -> dict[str, Any]:
    """As it is now."""
    found = asked_for(request, proposal_id)
    return shapes.whole(
        found,
        verdict=verdict_on(found),
        approval=approval_about(kind=KIND, subject=found.id),
        overlaps=overlaps_of(found),
    )


def tag_of(body: dict[str, Any]) -> str:
    """Another one whenever anything shown is."""
    return etag(orjson.dumps(body, option=orjson.OPT_SORT_KEYS))


def answer_with(body: dict[str, Any], request: Request, *, status: int = 200) -> Response:
    answer = answer_with_tag(request, tag_of(body), body, status=status)
    if status == 201:
        answer["Location"] = f"/api/v1/mutations/{body['id']}"
    return answer


def submitted(made: Submitted) -> dict[str, Any]:
    return shapes.whole(
        made.proposal, verdict=made.verdict, approval=made.approval, overlaps=made.overlaps
    )


class Moving(Prepared):
    permission_classes = (requires(Permission.WRITE),)
    hearing: Hearing | None = None

    def prepare(self, request: Request, **kwargs: Any) -> None:
        with suppress(DomainError):  # the service says it again, unless an answer is replayed
            self.hearing = self.heard(request, **kwargs)

    def heard(self, request: Request, **kwargs: Any) -> Hearing | None:
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, OperationsInvalid):
            exc = OperationsInvalid(details=[self.placed(each) for each in exc.details])
        return super().handle_exception(exc)

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        is_refused = 400 <= response.status_code < 500
        if self.hearing and (is_refused or REPLAYED in response):
            unhear(self.hearing, standing(request).workspace_id)
        return super().finalize_response(request, response, *args, **kwargs)

    def placed(self, fault: dict[str, Any]) -> dict[str, Any]:
        """With its field by its whole path in the body."""
        if fault["operation"] is None:
            return fault
        return {**fault, "field": f"operations.{fault['operation']}.{fault['field']}"}


@extend_schema(tags=["mutations"])
class Mutations(Moving, GenericAPIView[Proposal]):
    queryset = Proposal.objects.none()
    serializer_class = shapes.MutationOutput
    orderings: ClassVar[tuple[str, ...]] = ("-id", "moved_at", "risk_score")
    sent: shapes.MutationIn

    def prepare(self, request: Request, **kwargs: Any) -> None:
        self.sent = self.read(request.data)
        super().prepare(request, **kwargs)

    def read(self, body: Any) -> shapes.MutationIn:
        return read_body(shapes.MutationIn, body)

    def heard(self, request: Request, **_: Any) -> Hearing:
        return hear_mutation(**self.wanted(request), dry_run=self.sent.dry_run)

    def wanted(self, request: Request) -> dict[str, Any]:
        return {
            "title": self.sent.title,
            "rationale": self.sent.rationale,
            "operations": self.sent.operations,
            "actor": caller(request),
            "workspace": standing(request).workspace_id,
        }

    @extend_schema(
        summary="What was proposed to the specs of your workspace",
        description="`touching` names a spec by a key it has or had, or its id: 404 if there is "
        "none.",
        parameters=[shapes.MutationFilter],
        responses={200: shapes.MutationOutput(many=True), **errors(NodeMissing)},
    )
    def get(self, request: Request) -> Response:
        asked = shapes.MutationFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        me, workspace_id = caller(request), standing(request).workspace_id
        wanted = asked.asked()
        if name := wanted.pop("touching", ""):
            node = the_node(name=name, actor=me, workspace_id=workspace_id)
            wanted["touches__contains"] = [node.id]
        found = proposals_of(workspace_id=workspace_id, actor=me, **wanted)
        page = self.paginate_queryset(found) or []
        return self.get_paginated_response(shapes.MutationOutput(page, many=True).data)

    @extend_schema(
        summary="Propose a change of specs",
        description="All operations or none, in their order; a later one may name a key that an "
        "earlier one gives. `target`, `to`, `parent` and `after` take a key that the spec has or "
        "had, in letters of any case, or its id. Whatever comes of it is kept and answered 201, "
        "and `state` says it: `in_review` (people are asked: `approval` names the request), "
        "`queued` (the policy asks for nobody; it is applied within moments), `policy_denied` "
        "(`verdict` says why), `invalid` (`findings` of severity `error`), `conflicted` "
        "(`conflicts`: an operation names a `base`, and what it changes was changed otherwise "
        "since), `draft`. With `dry_run` the same is answered with 200, and nothing is kept or "
        "recorded. Operations that do not add up are refused with 422: each of `details` names "
        "one, and its field.",
        request=shapes.MutationIn,
        examples=[
            OpenApiExample("an edit", EXAMPLE, request_only=True),
            OpenApiExample("a new requirement, at first only tried", CREATION, request_only=True),
        ],
        responses={
            200: shapes.WholeMutationOutput,
            201: shapes.WholeMutationOutput,
            **errors(*REFUSALS),
        },
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        return self.propose(request)

    def propose(self, request: Request) -> Response:
        wanted = {**self.wanted(request), "hearing": self.hearing}
        if self.sent.dry_run:
            return Response({**submitted(preview_mutation(**wanted)), "id": None})
        body = submitted(submit_mutation(**wanted, draft=self.sent.draft))
        return answer_with(body, request, status=201)


@extend_schema(tags=["mutations"])
class OneMutation(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="One proposal, with all that it changes",
        description="A draft is seen by who writes it, everything else by the whole workspace.",
        responses=shapes.WholeMutationOutput,
    )
    def get(self, request: Request, proposal_id: UUID) -> Response:
        return answer_with(shown(request, proposal_id), request)


class MovingOne(Moving):
    def require_seen(self, request: Request, proposal_id: UUID) -> None:
        """That it is still what was seen, where that is said."""
        if "If-Match" in request.headers:
            require_match(request, tag_of(shown(request, proposal_id)))


@extend_schema(tags=["mutations"])
class Submit(MovingOne):
    def heard(self, request: Request, **kwargs: Any) -> Hearing:
        draft = asked_for(request, kwargs["proposal_id"])
        return hear_kept(proposal_id=draft.id, actor=caller(request))

    @extend_schema(
        summary="Submit a draft",
        description="It is looked at as if it were proposed now, and what comes of it is the same.",
        parameters=[IF_MATCH],
        request=None,
        responses={200: shapes.WholeMutationOutput, **errors(ProposalMoved, *REFUSALS, *STALE)},
    )
    @idempotent()
    def post(self, request: Request, proposal_id: UUID) -> Response:
        self.require_seen(request, proposal_id)
        draft = asked_for(request, proposal_id)
        made = submit_draft(proposal_id=draft.id, actor=caller(request), hearing=self.hearing)
        return answer_with(submitted(made), request)


@extend_schema(tags=["mutations"])
class Withdraw(MovingOne):
    stays_open = True

    def heard(self, request: Request, **kwargs: Any) -> None:
        """Nobody has to be asked."""

    @extend_schema(
        summary="Take a proposal back",
        description="By who proposed it, or owns the agent that did, until it is applied. Whoever "
        "is asked about it is asked no more. Withdrawn already, it stays so. It passes while the "
        "kill switch is on.",
        parameters=[IF_MATCH],
        request=None,
        responses={200: shapes.WholeMutationOutput, **errors(ProposalMoved, *STALE)},
    )
    @idempotent()
    def post(self, request: Request, proposal_id: UUID) -> Response:
        self.require_seen(request, proposal_id)
        found = asked_for(request, proposal_id)
        withdraw_mutation(proposal_id=found.id, actor=caller(request))
        return answer_with(shown(request, proposal_id), request)


@extend_schema(tags=["mutations"])
class Revise(MovingOne):
    sent: shapes.RevisionIn

    def prepare(self, request: Request, **kwargs: Any) -> None:
        self.sent = read_body(shapes.RevisionIn, request.data)
        super().prepare(request, **kwargs)

    def heard(self, request: Request, **kwargs: Any) -> Hearing:
        found = asked_for(request, kwargs["proposal_id"])
        return hear_mutation(**self.wanted(request, found), workspace=found.workspace_id)

    def wanted(self, request: Request, found: Proposal) -> dict[str, Any]:
        title, rationale = self.sent.title, self.sent.rationale
        return {
            "title": found.title if title is None else title,
            "rationale": found.rationale if rationale is None else rationale,
            "operations": self.sent.operations,
            "actor": caller(request),
        }

    @extend_schema(
        summary="Take a proposal up again",
        description="With other operations, by who proposed it. A draft changes and stays one. "
        "Of anything else that was not applied a new proposal is made, which `follows` it and is "
        "submitted at once; what still waited is superseded then.",
        parameters=[IF_MATCH],
        request=shapes.RevisionIn,
        examples=[OpenApiExample("another edit", {"operations": [EDIT]}, request_only=True)],
        responses={
            200: shapes.WholeMutationOutput,
            201: shapes.WholeMutationOutput,
            **errors(ProposalMoved, NotOpen, *REFUSALS, *STALE),
        },
    )
    @idempotent()
    def post(self, request: Request, proposal_id: UUID) -> Response:
        self.require_seen(request, proposal_id)
        found = asked_for(request, proposal_id)
        made = revise_mutation(
            proposal_id=found.id, hearing=self.hearing, **self.wanted(request, found)
        )
        again = made.proposal.id == found.id
        return answer_with(submitted(made), request, status=200 if again else 201)


@extend_schema(tags=["mutations"])
class Revert(MovingOne):
    sent: shapes.RevertIn

    def prepare(self, request: Request, **kwargs: Any) -> None:
        self.sent = read_body(shapes.RevertIn, request.data)
        super().prepare(request, **kwargs)

    def heard(self, request: Request, **kwargs: Any) -> Hearing:
        found = asked_for(request, kwargs["proposal_id"])
        return hear_revert(
            proposal_id=found.id, rationale=self.sent.rationale, actor=caller(request)
        )

    @extend_schema(
        summary="Undo what was applied",
        description="By a new proposal of yours that does the opposite (`reverts`), and is judged, "
        "checked and asked about like any other. What was changed since in another way makes it "
        "`conflicted`. Once it is applied, the first one is `reverted`.",
        parameters=[IF_MATCH],
        request=shapes.RevertIn,
        examples=[
            OpenApiExample("why", {"rationale": "The rule was suspended."}, request_only=True)
        ],
        responses={
            201: shapes.WholeMutationOutput,
            **errors(NothingToRevert, *REFUSALS, *STALE),
        },
    )
    @idempotent()
    def post(self, request: Request, proposal_id: UUID) -> Response:
        self.require_seen(request, proposal_id)
        made = revert_mutation(
            proposal_id=asked_for(request, proposal_id).id,
            rationale=self.sent.rationale,
            actor=caller(request),
            hearing=self.hearing,
        )
        return answer_with(submitted(made), request, status=201)
