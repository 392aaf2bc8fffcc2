"""What the sockets can watch of approvals."""

from uuid import UUID

from apps.activity.errors import UnknownTopic
from apps.activity.ports import EventRow, Topic, Viewer
from apps.approvals.selectors.requests import the_request
from apps.common.errors import NotFound


def approval_topic(viewer: Viewer, text: str) -> Topic:
    """ "approval:<id>": what happens to one request."""
    try:
        request = the_request(request_id=UUID(text), actor=viewer.actor)
    except (ValueError, NotFound) as error:
        raise UnknownTopic from error
    if request.workspace_id not in viewer.workspaces:
        raise UnknownTopic
    about = str(request.id)

    def shows(event: EventRow) -> bool:
        return event.payload.get("request") == about

    return Topic(request.workspace_id, shows)
