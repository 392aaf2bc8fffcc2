"""Pulling and releasing the kill switch. Both go on while it is on."""

from uuid import UUID

from apps.common.actors import Actor
from apps.common.errors import Invalid
from apps.ledger import switch
from apps.ledger.models import KillSwitch
from apps.ledger.services import record, unit
from apps.ledger.switch import EVERYWHERE, staying_open
from apps.policies.errors import KillSwitchHeld
from apps.policies.events import KillSwitchPulled, KillSwitchReleased
from apps.policies.selectors.switch import held_by_environment, require_turning

LONGEST_REASON = 500


def pull_switch(*, workspace_id: UUID = EVERYWHERE, reason: str, actor: Actor) -> KillSwitch:
    """From its commit on no effect begins there. One that is on stays as it was pulled."""
    require_turning(actor=actor, workspace_id=workspace_id)
    why = _sound(reason)
    with staying_open(), unit(actor=actor, workspace=workspace_id):
        pulled, now = switch.turn_on(workspace=workspace_id, reason=why, actor=actor)
        if now:
            record(KillSwitchPulled(scope=_scope(workspace_id), reason=why))
    return pulled


def require_pulling(*, workspace_id: UUID = EVERYWHERE, reason: str, actor: Actor) -> None:
    """Raises what pulling it would."""
    require_turning(actor=actor, workspace_id=workspace_id)
    _sound(reason)


def release_switch(*, workspace_id: UUID = EVERYWHERE, reason: str, actor: Actor) -> bool:
    """Whether it was on."""
    require_releasing(workspace_id=workspace_id, reason=reason, actor=actor)
    why = _sound(reason)
    with staying_open(), unit(actor=actor, workspace=workspace_id):
        released = switch.turn_off(workspace=workspace_id)
        if released:
            record(KillSwitchReleased(scope=_scope(workspace_id), reason=why))
    return released


def require_releasing(*, workspace_id: UUID = EVERYWHERE, reason: str, actor: Actor) -> None:
    """Raises what releasing it would."""
    require_turning(actor=actor, workspace_id=workspace_id)
    if workspace_id == EVERYWHERE and held_by_environment():
        raise KillSwitchHeld
    _sound(reason)


def _sound(reason: str) -> str:
    text = " ".join(reason.split())
    if not 0 < len(text) <= LONGEST_REASON:
        wanted = f"Say why, in 1 to {LONGEST_REASON} characters."
        raise Invalid(details=[{"field": "reason", "message": wanted}])
    return text


def _scope(workspace_id: UUID) -> str:
    return "everything" if workspace_id == EVERYWHERE else "workspace"
