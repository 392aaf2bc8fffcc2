"""Coming and going. Nothing of it is recorded: presence is not a fact that anybody audits."""

from uuid import UUID, uuid4

from apps.accounts.errors import NotYourWorkspace
from apps.accounts.models import User
from apps.accounts.selectors.names import name_of
from apps.accounts.selectors.standing import standing_of
from apps.activity import presence
from apps.activity.errors import PresenceTaken, PresenceUnknown, TooManyPresences
from apps.activity.presence import Presence
from apps.ledger.switch import require_running


def join(*, workspace_id: UUID, client_id: str = "", subject: str = "", actor: User) -> Presence:
    """Here, or still here: whoever says it again stays. Raises RedisError."""
    if standing_of(actor=actor, workspace_id=workspace_id) is None:
        raise NotYourWorkspace
    require_running(workspace_id)
    try:
        return presence.announce(
            client_id=client_id or str(uuid4()),
            user=actor.id,
            name=name_of(actor.id, actor.name),
            kind=actor.kind,
            workspace_id=workspace_id,
            subject=subject,
        )
    except presence.Taken as error:
        raise PresenceTaken from error
    except presence.Full as error:
        raise TooManyPresences from error


def leave(*, client_id: str, actor: User) -> None:
    """Only one's own. Raises RedisError."""
    if not presence.withdraw(client_id=client_id, user=actor.id):
        raise PresenceUnknown
