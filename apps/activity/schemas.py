"""Frames that come from outside."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Short = Annotated[str, StringConstraints(min_length=1, max_length=100)]
UUID_TEXT = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
CLIENT_ID = r"^[A-Za-z0-9._:-]{1,64}$"
SUBJECT = r"^[A-Za-z0-9._:/-]{0,100}$"


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


class PresenceCommand(_Strict):
    workspace_id: Annotated[str, StringConstraints(pattern=UUID_TEXT)] | None = None
    client_id: Annotated[str, StringConstraints(pattern=CLIENT_ID)] = ""
    subject: Annotated[str, StringConstraints(pattern=SUBJECT)] = ""
    leave: bool = False

    @model_validator(mode="after")
    def names_what_it_needs(self) -> Self:
        if not (self.client_id if self.leave else self.workspace_id):
            raise ValueError("To leave takes a client_id; to be here, a workspace_id.")
        return self
