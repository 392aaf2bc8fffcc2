"""The short door that the founding documents promise: one field of one spec, or a whole proposal.

Who proposes is whose credential it is: `initiated_by` is read and goes no further.
"""

from typing import Annotated, Any, Literal

from drf_spectacular.utils import OpenApiExample, extend_schema
from pydantic import JsonValue, RootModel, StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.access.idempotency import idempotent
from apps.common.api.openapi import errors
from apps.common.bodies import read_body
from apps.common.errors import Invalid
from apps.specs.api.shapes import mutations as shapes
from apps.specs.api.views.mutations import EXAMPLE, REFUSALS, Mutations
from apps.specs.schemas import Fields, Name, read_operations

ATTRIBUTE = "attributes."
SHORT = {
    "spec_id": "REQ-12",
    "operation_type": "update",
    "changes": {"field": "title", "value": "Refunds within 14 days"},
    "initiated_by": "user-42",
}


class FieldChange(shapes.Incoming):
    field: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    """`title`, `body`, `status`, `kind`, `owner`, `labels`, `heading`, `attributes`, or one of
    these as `attributes.<name>`."""
    value: JsonValue
    """What it shall be from then on. Of an attribute: null takes it away."""


class ShortIn(shapes.Incoming):
    """One field of one spec."""

    spec_id: Name
    operation_type: Literal["update"]
    """For everything else, send `operations`."""
    changes: FieldChange
    initiated_by: Annotated[str, StringConstraints(max_length=254)] = ""
    """Read by nobody: your credential says who you are."""
    rationale: shapes.Rationale = ""
    dry_run: bool = False
    draft: bool = False

    def whole(self) -> shapes.MutationIn:
        return shapes.MutationIn.model_construct(
            operations=read_operations([self._operation()]),
            rationale=self.rationale,
            dry_run=self.dry_run,
            draft=self.draft,
        )

    def _operation(self) -> dict[str, Any]:
        field, value, done = self.changes.field, self.changes.value, {"target": self.spec_id}
        if field == "body":
            return {"op": "edit", **done, "body": value}
        if field.startswith(ATTRIBUTE):
            name = field.removeprefix(ATTRIBUTE)
            return {"op": "set", **done, "attribute": name, "value": value}
        if field not in Fields.model_fields:
            message = f"One of body, {', '.join(Fields.model_fields)}, and {ATTRIBUTE}<name>."
            raise Invalid(details=[{"field": "changes.field", "message": message}])
        return {"op": "update", **done, "changes": {field: value}}


class ProposedIn(RootModel[ShortIn | shapes.MutationIn]):
    """Told apart by `operations`."""


@extend_schema(tags=["mutations"])
class Propose(Mutations):
    http_method_names = ("post", "options")
    is_short = False

    def read(self, body: Any) -> shapes.MutationIn:
        self.is_short = isinstance(body, dict) and "operations" not in body
        return read_body(ShortIn, body).whole() if self.is_short else super().read(body)

    def placed(self, fault: dict[str, Any]) -> dict[str, Any]:
        if not self.is_short:
            return super().placed(fault)
        field = {"target": "spec_id", "attribute": "changes.field"}.get(fault["field"])
        return {**fault, "field": field or "changes.value"}

    @extend_schema(
        summary="Propose one change, in short",
        description="One field of one spec, named by its key or id; or with `operations` all that "
        "`POST /api/v1/mutations` takes. Both are answered alike. `initiated_by` is read by "
        "nobody: who proposes is whose credential this is.",
        request=ProposedIn,
        examples=[
            OpenApiExample("one field", SHORT, request_only=True),
            OpenApiExample("a whole proposal", EXAMPLE, request_only=True),
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
