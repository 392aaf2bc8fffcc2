"""How the credentials chain is described in the OpenAPI document. Loaded with the paths."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

WAYS = ["bearer", "apiKey", "session"]
CREDENTIALS: list[dict[str, list[Any]]] = [{way: []} for way in WAYS]
"""One of them is enough."""


class CredentialsScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "apps.accounts.access.authentication.CredentialsChain"
    name = WAYS

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:  # noqa: ARG002
        return CREDENTIALS

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:  # noqa: ARG002
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "description": "An access token from /api/v1/auth/login, or an API key.",
            },
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]
