"""What the socket can do without any other room."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from apps.accounts.models import User
from apps.activity.errors import InvalidCommand
from apps.activity.ports import Viewer
from apps.activity.presence import present_in
from apps.activity.schemas import PresenceCommand
from apps.activity.services.presence import join, leave
from apps.common.bodies import details_of


def presence_command(viewer: Viewer, frame: Mapping[str, Any]) -> dict[str, Any]:
    """{"type": "presence", "workspace_id", "subject"?, "client_id"?} to come and to stay, and
    {"type": "presence", "leave": true, "client_id"} to go.

    The answer to the first says who else is there: what was missed is made up for by the next.
    """
    try:
        wanted = PresenceCommand.model_validate(frame)
    except ValidationError as error:
        raise InvalidCommand(details=details_of(error)) from error
    actor = viewer.actor
    assert isinstance(actor, User)  # noqa: S101
    if wanted.leave:
        leave(client_id=wanted.client_id, actor=actor)
        return {"status": "ok"}
    joined = join(
        workspace_id=UUID(wanted.workspace_id or ""),
        client_id=wanted.client_id,
        subject=wanted.subject,
        actor=actor,
    )
    here = present_in([joined.workspace_id])
    return {"presence": asdict(joined), "here": [asdict(row) for row in here]}
