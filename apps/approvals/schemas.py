"""Frames of sockets that decide."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints

Id = Annotated[UUID, Field(strict=False)]
Digest = Annotated[
    str,
    StringConstraints(max_length=64),
    Field(validation_alias=AliasChoices("digest", "view_digest")),
]
"""Also by the name that it is shown by."""
Comment = Annotated[str, StringConstraints(max_length=10_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class Decide(_Strict):
    request: Id
    decision: Literal["approve", "reject", "request_changes", "abstain", "veto"]
    digest: Digest = ""
    comment: Comment = ""
    operations: list[Annotated[int, Field(ge=0)]] | None = Field(default=None, max_length=1000)
    edits: dict[str, Any] | None = None
    change: bool = False


class About(_Strict):
    request: Id


class Response(_Strict):
    request_id: Id
    approved: bool
    comments: Comment = ""
    digest: Digest = ""
    change: bool = False
