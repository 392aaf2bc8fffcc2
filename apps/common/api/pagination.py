"""Lists: `?cursor=&limit=&ordering=` in, `{"results", "next_cursor"}` out.

A cursor says after which row to go on, so rows that come and go meanwhile move nothing. It is
signed for its path and ordering. A view names what it can be ordered by: `orderings = ("-id",
"name")`, the default first.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.db.models import Q
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.errors import Invalid, InvalidCursor

DEFAULT_LIMIT = 50
LARGEST_LIMIT = 200
DEFAULT_ORDERINGS = ("-id",)


class CursorPages(BasePagination):
    next_cursor: str | None = None

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any]:
        limit, ordering = self._limit(request), self._ordering(request, view)
        salt = f"{request.path} {ordering}"
        field, back = ordering.lstrip("-"), "-" if ordering.startswith("-") else ""
        keys = ["pk"] if field == "id" else [field, "pk"]
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(self._beyond(keys, back, salt, cursor))
        rows = list(queryset.order_by(*(f"{back}{key}" for key in keys))[: limit + 1])
        if len(rows) > limit:
            rows.pop()
            self.next_cursor = signing.dumps([_text(rows[-1], key) for key in keys], salt=salt)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next_cursor": self.next_cursor})

    @staticmethod
    def _limit(request: Request) -> int:
        given = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if re.fullmatch(r"[0-9]{1,5}", given) and 1 <= int(given) <= LARGEST_LIMIT:
            return int(given)
        text = f"A whole number from 1 to {LARGEST_LIMIT}."
        raise Invalid(details=[{"field": "limit", "message": text}])

    @staticmethod
    def _ordering(request: Request, view: APIView | None) -> str:
        offered = getattr(view, "orderings", DEFAULT_ORDERINGS)
        ordering = request.query_params.get("ordering", offered[0])
        if ordering.removeprefix("-") not in [name.lstrip("-") for name in offered]:
            text = f"One of {', '.join(name.lstrip('-') for name in offered)}; - reverses it."
            raise Invalid(details=[{"field": "ordering", "message": text}])
        return ordering

    @staticmethod
    def _beyond(keys: list[str], back: str, salt: str, cursor: str) -> Q:
        try:
            last = signing.loads(cursor, salt=salt)
        except signing.BadSignature as error:
            raise InvalidCursor from error
        operator = "lt" if back else "gt"
        beyond = Q(**{f"{keys[0]}__{operator}": last[0]})
        if len(keys) > 1:
            beyond |= Q(**{keys[0]: last[0], f"{keys[1]}__{operator}": last[1]})
        return beyond

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next_cursor"],
            "properties": {
                "results": schema,
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": "Pass it as `cursor` for the next page; null on the last one.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        offered = getattr(view, "orderings", DEFAULT_ORDERINGS)
        names = [name.lstrip("-") for name in offered]
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "The `next_cursor` of the page before.",
                "schema": {"type": "string"},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "How many rows a page has at most.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": LARGEST_LIMIT,
                    "default": DEFAULT_LIMIT,
                },
            },
            {
                "name": "ordering",
                "in": "query",
                "description": "What to order by; `-` reverses it.",
                "schema": {
                    "type": "string",
                    "enum": [sign + name for name in names for sign in ("", "-")],
                    "default": offered[0],
                },
            },
        ]


def _text(row: Any, key: str) -> str:
    value = getattr(row, key)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
