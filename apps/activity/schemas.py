"""Frames that come from outside."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class Position(_Strict):
    epoch: Short
    seq: int = Field(ge=0, le=2**63 - 1)


class Hello(_Strict):
    token: Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Pong(_Strict):
    n: int


class Subscribe(_Strict):
    topic: Short
    areas: list[Short] = Field(default=[], max_length=50)
    after: Position | None = None


class Unsubscribe(_Strict):
    topic: Short
