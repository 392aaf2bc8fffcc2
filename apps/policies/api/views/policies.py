"""The policy that holds, every version there was, and how another one comes to hold."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import PeopleOnly, caller, requires, standing
from apps.accounts.access.preparing import Prepared
from apps.accounts.choices import Permission
from apps.common.api.openapi import errors
from apps.common.api.preconditions import answer_with_tag, etag, require_match
from apps.common.errors import NotFound
from apps.policies.api.shapes import policies as shapes
from apps.policies.choices import Origin
from apps.policies.documents import document_schema
from apps.policies.errors import (
    PolicyDenied,
    PolicyFileMissing,
    PolicyInvalid,
    PolicyMoved,
    PolicyTestsFailed,
    PolicyUnchanged,
)
from apps.policies.folder import read_policy_file
from apps.policies.models.policies import Policy, PolicyVersion
from apps.policies.selectors import policies as read
from apps.policies.services.approving import Held
from apps.policies.services.judging import Hearing, hear
from apps.policies.services.versions import (
    Checked,
    Released,
    apply_policy,
    change_as_act,
    check_policy,
    require_may_release,
)
from apps.policies.services.versions import reload_policy as load_policy

RELEASERS = (requires(Permission.MANAGE_WORKSPACE), PeopleOnly)
READERS = (requires(Permission.READ),)
REFUSALS = (PolicyInvalid, PolicyTestsFailed, PolicyDenied, PolicyMoved)


def tag_of(version: PolicyVersion | None) -> str:
    return etag("policy", version.id if version else tuple(settings.AGENT_WHITELIST_DIRS))


class ReleasingView(Prepared):
    permission_classes = RELEASERS
    hearing: Hearing | None = None

    def prepare(self, request: Request, **kwargs: Any) -> None:
        if settings.OPA_ENABLE:
            me, workspace = caller(request), standing(request).workspace_id
            require_may_release(workspace=workspace, actor=me)
            act = change_as_act(*self.wanted(request, **kwargs))
            self.hearing = hear(act=act, actor=me, workspace=workspace)

    def wanted(self, request: Request, **kwargs: Any) -> tuple[str, str]:
        """The text that is to hold, and why."""
        raise NotImplementedError


@extend_schema(tags=["policies"])
class Policies(GenericAPIView[Policy]):
    permission_classes = READERS
    queryset = Policy.objects.none()
    serializer_class = shapes.PolicyOutput

    @extend_schema(
        summary="The policies of the workspaces you belong to",
        description="A workspace without one follows the built-in policy: `/policy/current` "
        "shows what holds.",
        responses=shapes.PolicyOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(read.policies(actor=caller(request)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@extend_schema(tags=["policies"])
class Current(APIView):
    permission_classes = READERS

    @extend_schema(summary="The policy that holds", responses=shapes.CurrentOutput)
    def get(self, request: Request) -> Response:
        workspace = standing(request).workspace_id
        version = read.current_version(workspace_id=workspace, actor=caller(request))
        text = version.text if version else read.built_in_text()
        checked = read.understood(text)
        body = {
            "workspace_id": workspace,
            "source": version.source if version else read.BUILT_IN,
            "number": version.number if version else 0,
            "digest": checked.digest,
            "rule_count": len(checked.document.rules),
            "text": text,
            "document": checked.document.model_dump(mode="json"),
            "version": shapes.VersionOutput(version).data if version else None,
        }
        return answer_with_tag(request, tag_of(version), body)


@extend_schema(tags=["policies"])
class Versions(GenericAPIView[PolicyVersion]):
    permission_classes = READERS
    queryset = PolicyVersion.objects.none()
    serializer_class = shapes.VersionOutput
    orderings = ("-number",)

    @extend_schema(
        summary="Every version that ever held",
        parameters=[shapes.OriginFilter],
        responses=shapes.VersionOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        asked = shapes.OriginFilter(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = read.versions_of(workspace_id=standing(request).workspace_id, actor=caller(request))
        page = self.paginate_queryset(found.filter(**asked.validated_data).defer("text"))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


@extend_schema(tags=["policies"])
class Version(APIView):
    permission_classes = READERS

    @extend_schema(summary="One version, with its text", responses=shapes.WholeVersionOutput)
    def get(self, request: Request, number: int) -> Response:
        found = read.version(
            number=number, workspace_id=standing(request).workspace_id, actor=caller(request)
        )
        return answer_with_tag(request, tag_of(found), shapes.WholeVersionOutput(found).data)


@extend_schema(tags=["policies"])
class Diff(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="How two versions differ",
        parameters=[shapes.DiffInput],
        responses={200: shapes.DiffOutput, **errors(NotFound)},
    )
    def get(self, request: Request) -> Response:
        asked = shapes.DiffInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        before, after = asked.validated_data["from"], asked.validated_data["to"]
        me, workspace = caller(request), standing(request).workspace_id
        one, other = (
            read.text_of_version(number=number, workspace_id=workspace, actor=me)
            for number in (before, after)
        )
        diff = read.diff(one, other, names=(f"v{before}", f"v{after}"))
        return Response({"from": before, "to": after, "diff": diff})


@extend_schema(tags=["policies"])
class DocumentSchema(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="The JSON Schema of a policy",
        description="For editors: it completes and checks as you type.",
        responses={200: {"type": "object"}},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(document_schema())


@extend_schema(tags=["policies"])
class DryRun(APIView):
    permission_classes = (requires(Permission.READ),)

    @extend_schema(
        summary="Check a policy, run its tests and show what it would change",
        description="Nothing is changed or kept. A policy that is not valid answers 422, with the "
        "line of each fault; tests that fail are told in the answer.",
        request=shapes.CheckInput,
        responses={200: shapes.CheckOutput, **errors(PolicyInvalid)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.CheckInput(data=request.data)
        given.is_valid(raise_exception=True)
        checked = check_policy(given.validated_data["content"])
        return Response(_checked(checked, standing(request).workspace_id))


@extend_schema(tags=["policies"])
class Apply(ReleasingView):
    def wanted(self, request: Request, **_: Any) -> tuple[str, str]:
        given = shapes.ApplyInput(data=request.data)
        given.is_valid(raise_exception=True)
        return given.validated_data["content"], given.validated_data["reason"]

    @extend_schema(
        summary="Have a policy hold at once",
        description="For owners. Send the ETag of the policy you read as If-Match, and nobody "
        "else's change is lost. With `dry_run` nothing changes. Where a rule of the policy that "
        "holds asks for approval of its own change, the answer is 202: the text is kept as a draft "
        "that holds once it is approved.",
        request=shapes.ApplyInput,
        responses={
            200: shapes.AppliedOutput,
            202: shapes.HeldOutput,
            **errors(*REFUSALS, PolicyUnchanged),
        },
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.ApplyInput(data=request.data)
        given.is_valid(raise_exception=True)
        return apply_as_asked(
            request, given.validated_data, origin=Origin.APPLIED, hearing=self.hearing
        )


@extend_schema(tags=["policies"])
class Reload(ReleasingView):
    def wanted(self, request: Request, **_: Any) -> tuple[str, str]:
        given = shapes.ReloadInput(data=request.data)
        given.is_valid(raise_exception=True)
        return read_policy_file(standing(request).workspace_id, given.validated_data["path"]), ""

    @extend_schema(
        summary="Load the policy from a file",
        description="For owners. The file stands in the workspace's own folder, "
        "LATTICE_POLICY_DIR/<workspace id>/, and is followed from then on: when it changes, what "
        "it says holds. What is no policy is refused, and what held goes on holding.",
        request=shapes.ReloadInput,
        responses={
            200: shapes.ReloadedOutput,
            202: shapes.HeldOutput,
            **errors(*REFUSALS, PolicyFileMissing),
        },
        examples=[
            OpenApiExample("a file", value={"path": "policies/valid.yaml"}, request_only=True)
        ],
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.ReloadInput(data=request.data)
        given.is_valid(raise_exception=True)
        released = load_policy(
            path=given.validated_data["path"],
            hearing=self.hearing,
            workspace=standing(request).workspace_id,
            actor=caller(request),
        )
        if isinstance(released, Held):
            return held_back(released)
        body = {
            "status": "reloaded",
            "loaded_at": released.at,
            "rule_count": released.version.rules,
        }
        return Response(body, headers={"ETag": tag_of(released.version)})


def apply_as_asked(
    request: Request, given: dict[str, Any], *, origin: Origin, hearing: Hearing | None
) -> Response:
    """With `content`, `dry_run` and `reason`, wherever they came from."""
    me, workspace = caller(request), standing(request).workspace_id
    present = read.current_version(workspace_id=workspace, actor=me)
    require_match(request, tag_of(present), required=False)
    if given["dry_run"]:
        checked = check_policy(given["content"])
        return Response(
            {
                "status": "dry_run",
                "number": present.number if present else 0,
                "digest": checked.parsed.digest,
                "rule_count": checked.rules,
                "loaded_at": None,
                **_checked(checked, workspace, status="dry_run"),
            }
        )
    released = apply_policy(
        text=given["content"],
        workspace=workspace,
        actor=me,
        reason=given.get("reason", ""),
        origin=origin,
        hearing=hearing,
        base=(present.number if present else 0) if "If-Match" in request.headers else None,
    )
    return applied(released)


def held_back(held: Held) -> Response:
    body = {
        "status": "waiting",
        "draft": str(held.draft.id),
        "approval": held.approval.as_json(),
    }
    return Response(
        body, status=202, headers={"Location": f"/api/v1/policies/drafts/{held.draft.id}"}
    )


def applied(released: Released | Held) -> Response:
    if isinstance(released, Held):
        return held_back(released)
    version = released.version
    body = {
        "status": "applied",
        "number": version.number,
        "digest": version.digest,
        "rule_count": version.rules,
        "loaded_at": released.at,
    }
    return Response(body, headers={"ETag": tag_of(version)})


def _checked(checked: Checked, workspace: Any, *, status: str = "valid") -> dict[str, Any]:
    held = read.text_in_force(workspace)
    return {
        "status": status,
        "digest": checked.parsed.digest,
        "rule_count": checked.rules,
        "tests": [outcome_shown(outcome) for outcome in checked.outcomes],
        "passes": checked.passes,
        "diff": read.diff(held, checked.text, names=("current", "content")),
    }


def outcome_shown(outcome: Any) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "line": outcome.line,
        "passed": outcome.passed,
        "differences": list(outcome.differences),
    }
