"""Following the files of policies: whatever changed in a folder holds from then on, or is refused
and told of once. It is the operator who writes there, so the system acts; but a file is nobody's
word, so where a rule of the policy asks for approval of its change, it waits like anybody's.
"""

from collections.abc import Iterator
from uuid import UUID

import structlog

from apps.accounts.models import Workspace
from apps.common.actors import SYSTEM
from apps.common.errors import Conflict, DomainError
from apps.ledger.services import record, unit
from apps.policies import events
from apps.policies.documents import digest_of
from apps.policies.errors import (
    PolicyFileMissing,
    PolicyInvalid,
    PolicyMoved,
    PolicyTestsFailed,
    PolicyUnchanged,
)
from apps.policies.folder import USUAL, read_policy_file, workspaces_with_files
from apps.policies.models.policies import Policy
from apps.policies.services.versions import Released, lock_policy, reload_policy

log = structlog.get_logger("lattice.policies")


def reload_changed_files() -> int:
    """How many policies hold since now."""
    there = set(workspaces_with_files())
    alive = Workspace.objects.visible_to(SYSTEM).filter(id__in=there, archived_at=None)
    found = Policy.objects.filter(workspace__in=alive)
    known = {row.workspace_id: row for row in found.only("workspace", *_WATCHED)}
    reloaded = 0
    for workspace in sorted(alive.values_list("id", flat=True)):
        try:
            reloaded += _follow(workspace, known.get(workspace))
        except DomainError as error:  # the next look tries again; others are not held back
            log.warning("a policy file waits", workspace=str(workspace), code=error.code)
    return reloaded


_WATCHED = ("watched_path", "watched_digest")


def _follow(workspace: UUID, policy: Policy | None) -> bool:
    seen = policy.watched_digest if policy else ""
    for path in _candidates(policy):
        try:
            text = read_policy_file(workspace, path)
        except PolicyFileMissing:
            continue
        except PolicyInvalid as error:
            _refuse(workspace, path, f"unreadable {path}", error)
            return False
        if digest_of(text) == seen:
            return False
        try:
            came = reload_policy(path=path, workspace=workspace, actor=SYSTEM, again=False)
        except PolicyUnchanged:
            return False  # another worker was faster
        except PolicyMoved:
            raise
        except (PolicyInvalid, PolicyTestsFailed, Conflict) as error:
            _refuse(workspace, path, text, error)
            return False
        return isinstance(came, Released)
    return False


def _candidates(policy: Policy | None) -> Iterator[str]:
    if policy and policy.watched_path:
        yield policy.watched_path
    else:
        yield from USUAL


def _refuse(workspace: UUID, path: str, text: str, error: DomainError) -> None:
    """Once for each state of the file."""
    digest = digest_of(text)
    with unit(actor=SYSTEM, workspace=workspace):
        policy = lock_policy(workspace, SYSTEM)
        if policy.watched_digest == digest:
            return
        policy.watched_digest = digest
        policy.save(update_fields=["watched_digest", "updated_at"])
        faults = len(error.details)
        record(
            events.PolicyReloadRefused(path=path, digest=digest, because=error.code, faults=faults)
        )
