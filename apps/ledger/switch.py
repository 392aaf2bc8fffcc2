"""The kill switch, as the record and the doors ask it. Who may pull it, policies knows.

While it is on nothing is appended, so no unit of work ends (`services._append` asks in the very
statement that appends). What no unit holds (a mail, a webhook, a task, an unsafe request) asks
here, at its beginning. Answers come from PostgreSQL each time: without one nothing begins.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.common.actors import Actor
from apps.common.prepared import prepared
from apps.ledger.errors import KillSwitchOn
from apps.ledger.models import KillSwitch

EVERYWHERE = UUID(int=0)
"""In place of a workspace: all of them, and what belongs to none."""
REFUSAL = "LK001"
"""The SQLSTATE with which `ledger_append` refuses."""

_open: ContextVar[bool] = ContextVar("kill_switch_stays_open", default=False)

View = TypeVar("View", bound=Callable[..., Any])


# --- what goes on while it is on


@contextmanager
def staying_open(yes: bool = True) -> Iterator[None]:
    """Around what must go on: reading, ending what somebody may do, noting what was done already.
    tests/policies/test_what_stays_open.py lists every place."""
    token = _open.set(yes)
    try:
        yield
    finally:
        _open.reset(token)


def keep_open(yes: bool = True) -> None:
    """The same, until the `staying_open(False)` around it ends."""
    _open.set(yes)


def stays_open(view: View) -> View:
    """Mark a view or a task that is a function. On a class, write `stays_open = True`."""
    view.stays_open = True  # type: ignore[attr-defined]
    return view


# --- asking


def is_on(workspace: UUID = EVERYWHERE) -> bool:
    """For this workspace, or everywhere."""
    return settings.KILL_SWITCH or bool(_stopping(workspace=workspace))


@prepared
def _stopping(*, workspace: UUID) -> QuerySet[KillSwitch, UUID]:
    return KillSwitch.objects.stopping(workspace).values_list("workspace_id", flat=True)


def require_running(workspace: UUID = EVERYWHERE) -> None:
    """At the beginning of an effect."""
    if not _open.get() and is_on(workspace):
        raise KillSwitchOn


def is_open() -> bool:
    """Whether what happens here goes on while it is on."""
    return _open.get()


def may_append(*, stops: bool = False) -> bool:
    """Whether `ledger_append` need not ask."""
    if _open.get() and not stops:
        return True
    if settings.KILL_SWITCH:
        raise KillSwitchOn
    return False


# --- turning it: the services of policies do, in a unit that says so


def turn_on(*, workspace: UUID, reason: str, actor: Actor) -> tuple[KillSwitch, bool]:
    """What is on stays as it was pulled. Whether it was turned now."""
    return KillSwitch.objects.get_or_create(
        workspace_id=workspace, defaults={"reason": reason, "pulled_by": actor.actor_id}
    )


def turn_off(*, workspace: UUID) -> bool:
    """Whether it was on."""
    return bool(KillSwitch.objects.filter(workspace_id=workspace).delete()[0])
