"""Policies to begin with: templates, filled in, and the wizard that picks one."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.access.idempotency import idempotent
from apps.accounts.access.permissions import caller, requires, standing
from apps.accounts.choices import Permission
from apps.common.api.openapi import OperationSchema, errors
from apps.common.errors import NotFound
from apps.policies.api.shapes import templates as shapes
from apps.policies.api.shapes.policies import AppliedOutput
from apps.policies.api.views.policies import REFUSALS, ReleasingView, apply_as_asked
from apps.policies.choices import Origin
from apps.policies.drafting import Template, render_template, template_named, templates, wizard
from apps.policies.errors import PolicyUnchanged
from apps.policies.services.drafts import draft_policy

READERS = (requires(Permission.READ),)


def template_shown(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "description": template.description,
        "parameters": [
            {"name": one.name, "description": one.description, "default": one.default}
            for one in template.parameters
        ],
    }


class ListSchema(OperationSchema):
    """Told apart from the one that has a name in its path."""

    def get_operation_id(self) -> str:
        return super().get_operation_id().replace("_retrieve", "_list")


@extend_schema(tags=["policies"])
class Templates(APIView):
    permission_classes = READERS
    schema = ListSchema()

    @extend_schema(summary="Policies to begin with", responses=shapes.TemplatesOutput)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response({"templates": [template_shown(one) for one in templates()]})


@extend_schema(tags=["policies"])
class OneTemplate(APIView):
    permission_classes = READERS

    @extend_schema(summary="A template, with its text", responses=shapes.WholeTemplateOutput)
    def get(self, request: Request, name: str) -> Response:  # noqa: ARG002
        found = template_named(name)
        return Response({**template_shown(found), "text": found.text})


@extend_schema(tags=["policies"])
class Render(APIView):
    permission_classes = READERS

    @extend_schema(
        summary="A template filled in",
        description="Nothing is changed: send the `content` to `/policy/apply`, or as a draft.",
        request=shapes.RenderInput,
        responses={200: shapes.RenderedOutput, **errors(NotFound)},
    )
    def post(self, request: Request) -> Response:
        given = shapes.RenderInput(data=request.data)
        given.is_valid(raise_exception=True)
        name, values = given.validated_data["name"], given.validated_data["values"]
        return Response({"template": name, "content": render_template(name, values)})


@extend_schema(tags=["policies"])
class ApplyTemplate(ReleasingView):
    def wanted(self, request: Request, **_: Any) -> tuple[str, str]:
        given = shapes.ApplyTemplateInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        return render_template(asked["name"], asked["values"]), asked["reason"]

    @extend_schema(
        summary="Have a template hold at once, filled in",
        request=shapes.ApplyTemplateInput,
        responses={200: AppliedOutput, **errors(*REFUSALS, PolicyUnchanged, NotFound)},
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.ApplyTemplateInput(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        content = render_template(asked["name"], asked["values"])
        return apply_as_asked(
            request, {**asked, "content": content}, origin=Origin.TEMPLATE, hearing=self.hearing
        )


@extend_schema(tags=["policies"])
class Wizard(APIView):
    permission_classes = (requires(Permission.WRITE),)

    @extend_schema(
        summary="A policy made of a few answers",
        description="With `draft`, it is also begun as a draft of the workspace's policy.",
        request=shapes.WizardInput,
        responses=shapes.WizardOutput,
    )
    @idempotent()
    def post(self, request: Request) -> Response:
        given = shapes.WizardInput(data=request.data)
        given.is_valid(raise_exception=True)
        made = wizard(given.validated_data["answers"])
        draft = None
        if given.validated_data["draft"]:
            draft = draft_policy(
                text=made.text,
                workspace=standing(request).workspace_id,
                actor=caller(request),
                reason=" ".join(made.because)[:500],
                origin=Origin.WIZARD,
            )
        return Response(
            {
                "template": made.template,
                "content": made.text,
                "because": list(made.because),
                "draft": draft.id if draft else None,
            }
        )
