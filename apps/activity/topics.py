"""What can be watched without any other room: a workspace, oneself, and (for superusers) what
belongs to no workspace.
"""

from uuid import UUID

from apps.activity.errors import UnknownTopic
from apps.activity.ports import EventRow, Topic, Viewer
from apps.ledger.services import SYSTEM_WORKSPACE


def workspace_topic(viewer: Viewer, text: str) -> Topic:
    """ "workspace:<id>": everything that happens there."""
    try:
        workspace_id = UUID(text)
    except ValueError as error:
        raise UnknownTopic from error
    if workspace_id not in viewer.workspaces:
        raise UnknownTopic
    return Topic(workspace_id, _everything)


def user_topic(viewer: Viewer, text: str) -> Topic:
    """ "user:me": what happens to oneself outside of workspaces (logins, say)."""
    me = viewer.actor.actor_id
    if text not in ("me", str(me)):
        raise UnknownTopic
    return Topic(SYSTEM_WORKSPACE, lambda event: event.names(me))


def system_topic(viewer: Viewer, text: str) -> Topic:
    """ "system": the whole chain of what belongs to no workspace."""
    if text or not viewer.superuser:
        raise UnknownTopic
    return Topic(SYSTEM_WORKSPACE, _everything)


def _everything(_: EventRow) -> bool:
    return True
