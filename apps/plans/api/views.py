"""Plans over HTTP: proposed, read, exported as artifact, patch and pull request."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.access.preparing import Prepared
from apps.accounts.choices import Permission
from apps.approvals.errors import NobodyEligible, NotOpen
from apps.approvals.selectors.requests import approval_about
from apps.common.api.openapi import errors
from apps.common.api.preconditions import answer_with_tag, etag
from apps.common.bodies import read_body
from apps.plans.api import shapes
from apps.plans.choices import KIND, RiskBudget
from apps.plans.drawing import Drawing, act_of
from apps.plans.errors import (
    BranchInvalid,
    PatchInvalid,
    PlanInvalid,
    PlanRefused,
    PlanWaiting,
    VariantHeld,
    VariantMissing,
)
from apps.plans.models import Plan
from apps.plans.pulls import Pull
from apps.plans.schemas import PlanIn, ProposalIn, PullIn, PullOptions
from apps.plans.selectors import plans as read
from apps.plans.selectors.ideas import ideas_for, shown
from apps.plans.services.exporting import (
    PullWanted,
    export_plan,
    exportable_artifact,
    propose_pull,
)
from apps.plans.services.proposing import create_plan, sketch
from apps.policies.errors import (
    DiffTooLarge,
    PathForbidden,
    PolicyDenied,
    QuotaExceeded,
    RegoDenied,
    RiskPatternFound,
)
from apps.policies.ports import Approval
from apps.policies.services.judging import Hearing, hear

DENIALS = (
    *(PathForbidden, RiskPatternFound, DiffTooLarge),
    *(PolicyDenied, RegoDenied, QuotaExceeded, PlanInvalid, PatchInvalid),
)
HELD = (PlanWaiting, PlanRefused, VariantHeld, VariantMissing, *DENIALS)
EXAMPLE = {
    "intent": "Greet people by their name",
    "context": "Names may be missing.",
    "target_paths": ["api/greeting.py"],
    "changes": [
        {
            "path": "api/greeting.py",
            "action": "edit",
            "old": "def greet():\n    return 'Hello'\n",
            "new": "def greet(name=''):\n    return f'Hello {name}'.strip()\n",
        }
    ],
}
VARIANT = OpenApiParameter(
    "variant", str, enum=["v_safe", "v_bal", "v_focus", "v_exp", "v_bold"], default="v_bal"
)


def asked_for(request: Request, plan_id: UUID) -> Plan:
    return read.plan(
        plan_id=plan_id, workspace_id=standing(request).workspace_id, actor=caller(request)
    )


def tag_of(plan: Plan, approval: Approval | None) -> str:
    asked = (approval.id, approval.state, approval.view_digest) if approval else ()
    return etag("plan", plan.id, plan.state, plan.digest, plan.exported_at, *asked)


class Proposing(Prepared):
    permission_classes = (requires(Permission.WRITE),)
    body: type[PlanIn] = ProposalIn
    sent: PlanIn
    drawing: Drawing
    hearing: Hearing

    def prepare(self, request: Request, **_: Any) -> None:
        self.sent = read_body(self.body, request.data)
        self.drawing = sketch(self.sent)
        self.hearing = hear(
            act=act_of(self.drawing),
            actor=caller(request),
            workspace=standing(request).workspace_id,
        )


@extend_schema(tags=["plans"])
class Plans(Proposing, GenericAPIView[Plan]):
    queryset = Plan.objects.none()
    serializer_class = shapes.PlanOutput

    @extend_schema(
        summary="The plans of your workspace",
        parameters=[shapes.PlanFilter],
        responses=shapes.PlanOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = shapes.PlanFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = read.plans_of(
            workspace_id=standing(request).workspace_id,
            actor=caller(request),
            **asked.validated_data,
        )
        page = self.paginate_queryset(found) or []
        context = {"intents": read.intents_of(page)}
        return self.get_paginated_response(shapes.PlanOutput(page, many=True, context=context).data)

    @extend_schema(
        summary="Propose a plan",
        description="The whole of it is judged before anything is kept: intent, context, every "
        "path and every text, old and new. A denial answers 403, 422 or 429 and is recorded. The "
        "changes come as whole files in `changes` or as a unified diff in `patch`; without either "
        "the plan is a note for people, as a file below `plans/`. Nothing is written anywhere: "
        "export a variant, and apply it yourself. `description` and `target_files` are older "
        "names of `intent` and `target_paths`. Where the policy asks for approval the plan waits, "
        "and `approval` names the request; 409 if too few people here could ever decide on it. "
        "`follows` takes up the request of an earlier plan, after changes were requested or while "
        "it still waits: then it is superseded; 409 if it was allowed.",
        parameters=[shapes.BudgetQuery],
        request=ProposalIn,
        examples=[OpenApiExample("an edit", EXAMPLE, request_only=True)],
        responses={201: shapes.CreatedOutput, **errors(NobodyEligible, NotOpen, *DENIALS)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        asked = shapes.BudgetQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        assert isinstance(self.sent, ProposalIn)  # noqa: S101
        made = create_plan(
            drawing=self.drawing,
            budget=RiskBudget(asked.validated_data["risk_budget"]),
            actor=caller(request),
            workspace=standing(request).workspace_id,
            hearing=self.hearing,
            follows=self.sent.follows,
        )
        tag = tag_of(made.plan, made.approval)
        headers = {"Location": f"/api/v1/plans/{made.plan.id}", "ETag": tag}
        return Response(shapes.created(made), status=201, headers=headers)


@extend_schema(tags=["plans"])
class ProposePlan(Plans):
    """The older path, which only proposes."""

    http_method_names = ["post", "options"]


@extend_schema(tags=["plans"])
class OnePlan(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(summary="One plan, with its variants", responses=shapes.WholePlanOutput)
    def get(self, request: Request, plan_id: UUID) -> Response:
        plan = asked_for(request, plan_id)
        approval = approval_about(kind=KIND, subject=plan.id)
        body = shapes.whole(plan, read.opened(plan).artifact, approval)
        return answer_with_tag(request, tag_of(plan, approval), body)


@extend_schema(tags=["plans"])
class ArtifactFile(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="A plan's artifact",
        description="Canonical JSON: its SHA-256 is the plan's digest. 409 unless it is approved, "
        "where the policy asks for that.",
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            **errors(PlanWaiting, PlanRefused, *DENIALS),
        },
    )
    def get(self, request: Request, plan_id: UUID) -> HttpResponse:
        plan = asked_for(request, plan_id)
        artifact = exportable_artifact(plan)
        name = plan.file.rpartition("/")[2]
        return _file(artifact.text, name, "application/json", f'"{plan.digest}"')


@extend_schema(tags=["plans"])
class PatchFile(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="A variant as a patch",
        description="As `git apply` takes it. 409 unless it is approved, where it has to be.",
        parameters=[VARIANT],
        responses={
            (200, "text/x-diff"): OpenApiResponse(OpenApiTypes.STR, description="A patch."),
            **errors(*HELD),
        },
    )
    def get(self, request: Request, plan_id: UUID) -> HttpResponse:
        asked = shapes.VariantQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        plan, variant = asked_for(request, plan_id), asked.validated_data["variant"]
        patch = exportable_artifact(plan, variant).patch(variant)
        tag = etag("patch", plan.digest, variant)
        return _file(patch.encode(), f"{plan.name}.patch", "text/x-diff; charset=utf-8", tag)


@extend_schema(tags=["plans"])
class PlanPull(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="A plan as a pull request",
        description="Branch, title, body, patch and the commands to run. Nothing is pushed.",
        request=PullOptions,
        examples=[OpenApiExample("balanced", {"variant_id": "v_bal"}, request_only=True)],
        responses={200: shapes.PullOutput, **errors(BranchInvalid, *HELD)},
    )
    @idempotent()
    def post(self, request: Request, plan_id: UUID) -> Response:
        plan = asked_for(request, plan_id)
        wanted = _wanted(read_body(PullOptions, request.data))
        return pulled(export_plan(plan=plan, wanted=wanted, actor=caller(request)))


@extend_schema(tags=["plans"])
class ProposePull(Proposing):
    body = PullIn

    @extend_schema(
        summary="From an intent to a pull request",
        description="Proposes the plan, unless you proposed the very same before, and exports the "
        "variant. With `dry_run` nothing is kept. Where approval is needed the plan waits and the "
        "answer is 409 `plan_waiting`, with the request to wait for as `approval`: send the same "
        "again once it is decided. 409 `plan_refused` if it was decided otherwise; whoever wants "
        "to ask again proposes the plan anew. Nothing is pushed.",
        request=PullIn,
        examples=[OpenApiExample("an edit", {**EXAMPLE, "variant_id": "v_bal"}, request_only=True)],
        responses={200: shapes.PullOutput, **errors(BranchInvalid, NobodyEligible, *HELD)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        assert isinstance(self.sent, PullIn)  # noqa: S101
        pull = propose_pull(
            drawing=self.drawing,
            budget=self.sent.risk_budget,
            wanted=_wanted(self.sent),
            actor=caller(request),
            workspace=standing(request).workspace_id,
            hearing=self.hearing,
        )
        return pulled(pull)


@extend_schema(tags=["plans"])
class Ideas(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="What could be done next",
        description="From what this workspace has: denied plans and how they would pass, plans "
        "that wait or were never exported, policies and drafts that carry no tests.",
        responses=shapes.IdeasOutput,
    )
    def get(self, request: Request) -> Response:
        found = ideas_for(workspace_id=standing(request).workspace_id, actor=caller(request))
        return Response({"ideas": shown(found)})


def pulled(pull: Pull) -> Response:
    asked = approval_about(kind=KIND, subject=UUID(pull.plan))
    return Response({**pull.as_json(), "approval": asked.as_json() if asked else None})


def _wanted(given: PullIn | PullOptions) -> PullWanted:
    return PullWanted(
        variant_id=given.variant_id,
        branch=given.branch,
        labels=given.labels,
        draft=given.draft,
        dry_run=given.dry_run,
    )


def _file(content: bytes, name: str, kind: str, tag: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": tag}
    return HttpResponse(content, content_type=kind, headers=headers)
