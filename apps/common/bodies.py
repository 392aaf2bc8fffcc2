"""Bodies that pydantic reads, and what is wrong with them as our errors say it."""

import ast
from collections.abc import Iterator
from functools import cache
from inspect import cleandoc, getsource
from itertools import pairwise
from typing import Any, TypeVar

from pydantic import BaseModel, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from apps.common.errors import Invalid

Read = TypeVar("Read", bound=BaseModel)


class Described(BaseModel):
    """The docstrings of its fields describe them in JSON schemas, and are read when one is made:
    pydantic's `use_attribute_docstrings` looks for the source of each class whenever a process
    starts."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler, /
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        shown = handler.resolve_ref_schema(schema)["properties"]
        for name, text in docstrings(cls).items():
            shown[cls.model_fields[name].alias or name].setdefault("description", text)
        return schema


@cache
def docstrings(kind: type[Described]) -> dict[str, str]:
    """Of its fields."""
    return dict(_docstrings(kind))


def _docstrings(kind: type[BaseModel]) -> Iterator[tuple[str, str]]:
    for ancestor in reversed(kind.__mro__[: kind.__mro__.index(Described)]):
        (stated,) = ast.parse(cleandoc("\n" + getsource(ancestor))).body
        for field, below in pairwise(stated.body):  # type: ignore[attr-defined]
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    yield name, cleandoc(text)


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
