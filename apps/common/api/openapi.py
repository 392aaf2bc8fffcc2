"""The description of the API, made from the views.

A view says what is particular to it with `@extend_schema(summary=..., responses={201: ...,
**errors(EmailTaken)})`. What all operations share is added here: who may call, the errors that
can always happen, and an example wherever nobody wrote a better one.
"""

from collections import defaultdict
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework.permissions import AllowAny

from apps.common.errors import (
    Conflict,
    DomainError,
    Invalid,
    Malformed,
    NotAcceptable,
    NotAllowed,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)

Schema = dict[str, Any]

ERROR_REFERENCE = {"$ref": "#/components/schemas/Error"}
ERROR_COMPONENT: Schema = {
    "type": "object",
    "description": "The one shape of every error. `code` is stable and listed in docs/errors.md.",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "request_id"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
                "message": {"type": "string", "description": "For people; may change."},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {
                            "field": {
                                "type": "string",
                                "description": "A path such as `operations.0.title`; empty for "
                                "the body as a whole.",
                            },
                            "message": {"type": "string"},
                        },
                    },
                },
                "request_id": {"type": "string", "description": "What X-Request-Id says, too."},
            },
        }
    },
}
COMMON: tuple[type[DomainError], ...] = (
    Malformed,
    Unauthenticated,
    NotAllowed,
    NotFound,
    NotAcceptable,
    Conflict,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    TooMany,
    Unavailable,
)
NOBODY: list[Schema] = [{}]


def errors(*kinds: type[DomainError]) -> dict[int, OpenApiResponse]:
    """For `responses=`: what else can go wrong in this operation."""
    by_status: dict[int, list[type[DomainError]]] = defaultdict(list)
    for kind in kinds:
        by_status[kind.status].append(kind)
    return {
        status: OpenApiResponse(
            ERROR_REFERENCE,
            description=_described(same),
            examples=[
                OpenApiExample(kind.code, _example_of(kind), response_only=True) for kind in same
            ],
        )
        for status, same in by_status.items()
    }


WORKSPACE_HEADER = OpenApiParameter(
    "X-Workspace-Id",
    OpenApiTypes.UUID,
    OpenApiParameter.HEADER,
    description="Another workspace you belong to, in place of the credential's own.",
)
IDEMPOTENCY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Sent again within 24 hours, the same request gets the same answer, with "
    "`Idempotent-Replayed: true`; another request under the same key is refused with 422.",
)


class OperationSchema(AutoSchema):
    def get_auth(self) -> list[Schema]:
        permissions = self.view.get_permissions()
        if not permissions or any(isinstance(found, AllowAny) for found in permissions):
            return NOBODY
        found: list[Schema] = super().get_auth()
        return found

    def get_operation_id(self) -> str:
        name: str = super().get_operation_id()
        return name if self.path.startswith("/api/") else f"root_{name}"

    def get_override_parameters(self) -> list[Any]:
        """Headers that a view understands, as its own parts say."""
        found: list[Any] = list(super().get_override_parameters())
        permissions = self.view.get_permissions()
        if any(getattr(one, "reads_workspace_header", False) for one in permissions):
            found.append(WORKSPACE_HEADER)
        if getattr(getattr(self.view, self.method.lower(), None), "is_idempotent", False):
            found.append(IDEMPOTENCY_HEADER)
        return found


def complete(result: Schema, **_: Any) -> Schema:
    """The postprocessing hook: what can always be left out, errors that can always happen, and
    examples."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = ERROR_COMPONENT
    result["components"]["responses"] = {kind.code: _response(kind) for kind in COMMON}
    for item in result["paths"].values():
        for operation in item.values():
            _allow_nothing(operation)
            _add_common_errors(operation)
            _add_examples(operation, schemas)
    return result


# --- errors


def _described(kinds: list[type[DomainError]]) -> str:
    return " ".join(f"`{kind.code}`: {kind.message}" for kind in kinds)


def error_response(*kinds: type[DomainError]) -> Schema:
    """What `errors` says, for operations that are written down and not made from a view."""
    examples = {kind.code: {"value": _example_of(kind)} for kind in kinds}
    content = {"schema": ERROR_REFERENCE, "examples": examples}
    return {"description": _described([*kinds]), "content": {"application/json": content}}


def _response(kind: type[DomainError]) -> Schema:
    return {
        "description": _described([kind]),
        "content": {"application/json": {"schema": ERROR_REFERENCE, "example": _example_of(kind)}},
    }


def _example_of(kind: type[DomainError]) -> Schema:
    details = []
    if kind.status == Invalid.status:
        details = [{"field": "name", "message": "This field is required."}]
    return {
        "error": {
            "code": kind.code,
            "message": kind.message,
            "details": details,
            "request_id": "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7",
        }
    }


def _allow_nothing(operation: Schema) -> None:
    """What a query leaves empty is as good as left out."""
    for parameter in operation.get("parameters", []):
        schema = parameter.get("schema", {})
        if parameter["in"] == "query" and not parameter.get("required"):
            has_least = schema.pop("minLength", None) is not None
            if has_least and "enum" in schema:
                schema["enum"].append("")


def _add_common_errors(operation: Schema) -> None:
    kinds: list[type[DomainError]] = [Malformed, NotAcceptable, TooMany, Unavailable]
    parameters = operation.get("parameters", [])
    if operation.get("security", NOBODY) != NOBODY:
        kinds += [Unauthenticated, NotAllowed]
    if any(parameter["in"] == "path" for parameter in parameters):
        kinds.append(NotFound)
    if any(parameter["in"] == "query" for parameter in parameters):
        kinds.append(Invalid)
    if any(parameter["name"] == IDEMPOTENCY_HEADER.name for parameter in parameters):
        kinds += [Conflict, Invalid]
    if "requestBody" in operation:
        kinds += [Invalid, TooLarge, UnsupportedMediaType]
    for kind in kinds:
        reference = {"$ref": f"#/components/responses/{kind.code}"}
        operation["responses"].setdefault(str(kind.status), reference)
    operation["responses"] = dict(sorted(operation["responses"].items()))


# --- examples


def _add_examples(operation: Schema, components: Schema) -> None:
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for content in body.get("content", {}).values():
            if not {"example", "examples"} & set(content):
                content["example"] = _example(content.get("schema", {}), components)


_TEXTS = {
    "uuid": "01a1fbd0-6a2e-7c5b-9d43-5be1c2f0a9d7",
    "email": "ada@example.org",
    "date-time": "2026-11-21T09:30:00Z",
    "date": "2026-11-21",
    "uri": "https://example.org/",
}


def _example(schema: Schema, components: Schema) -> Any:
    if "$ref" in schema:
        return _example(components[schema["$ref"].rpartition("/")[2]], components)
    for said in ("example", "const", "default"):
        if said in schema:
            return schema[said]
    if schema.get("examples"):
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "allOf" in schema:
        parts = [_example(part, components) for part in schema["allOf"]]
        objects = [part for part in parts if isinstance(part, dict)]
        return {k: v for part in objects for k, v in part.items()} if objects else parts[0]
    for choice in (*schema.get("oneOf", []), *schema.get("anyOf", [])):
        return _example(choice, components)
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            inner = schema.get("properties", {})
            return {name: _example(found, components) for name, found in inner.items()}
        case "array":
            return [_example(schema.get("items", {}), components)]
        case "string":
            return _TEXTS.get(schema.get("format", ""), "text")
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
    return None
