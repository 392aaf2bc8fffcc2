"""How the mirror of `SPEC_SYNC_DIR` is doing: a line for `manage.py doctor`."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from apps.accounts.errors import NotYourWorkspace
from apps.accounts.models import User
from apps.accounts.selectors.members import person_or_agent
from apps.accounts.selectors.standing import workspace_for
from apps.common.ports import Finding, Health
from apps.mirror.selectors.mirrors import only_workspace_of, who_proposes


def examine_mirror() -> Iterator[Finding]:
    folder, who = settings.SPEC_SYNC_DIR, who_proposes()
    if folder is None or not settings.SPEC_SYNC_ENABLED:
        return
    actor = person_or_agent(who) if who else None
    if not folder.is_dir():
        text, fix = f"there is no folder {folder}", "Create it, or correct SPEC_SYNC_DIR."
    elif actor is None:
        text = f"nobody here is called {who or 'anything'}, to propose what the files say"
        fix = "Set SPEC_SYNC_AS to the e-mail address or id of a member."
    elif not _is_member(actor, folder):
        text = f"{who} is no member of the workspace that the files belong to"
        fix = "Set SPEC_SYNC_WORKSPACE to a workspace of theirs."
    else:
        yield Finding("files", Health.OK, f"{folder} is kept, and {who} proposes what it says")
        return
    yield Finding("files", Health.FAIL, text, fix)


def _is_member(actor: User, folder: Path) -> bool:
    wanted = settings.SPEC_SYNC_WORKSPACE
    wanted = wanted or only_workspace_of(folder=folder.resolve(), actor=actor)
    with suppress(NotYourWorkspace):
        return bool(workspace_for(user=actor, wanted=wanted))
    return False
