"""Bodies that pydantic reads, and what is wrong with them as our errors say it."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from apps.common.errors import Invalid

Read = TypeVar("Read", bound=BaseModel)


def read_body(kind: type[Read], body: Any) -> Read:
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise Invalid(details=details_of(error)) from error


def details_of(error: ValidationError, *, below: str = "") -> list[dict[str, Any]]:
    """`below`: the field that what was read stands in."""
    return [
        {
            "field": ".".join(map(str, (*([below] if below else []), *fault["loc"]))),
            "message": fault["msg"].removeprefix("Value error, "),
        }
        for fault in error.errors(include_input=False, include_url=False)
    ]
