"""Which policy holds, which ones there were, and how they differ."""

import difflib
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import F, QuerySet

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.common.prepared import prepared
from apps.policies.documents import Parsed, read_policy
from apps.policies.engine.compiling import CompiledPolicy, compile_policy
from apps.policies.errors import PolicyInvalid
from apps.policies.models.policies import Policy, PolicyDraft, PolicyVersion
from apps.policies.schemas import PolicyDocument, minutes_of

log = structlog.get_logger("lattice.policies")

BUILT_IN = "default"
_SILENT = PolicyDocument(version="1", allowed_dirs=["nowhere"])


@dataclass(frozen=True, kw_only=True)
class InForce:
    """The policy that holds in a workspace."""

    compiled: CompiledPolicy | None
    """None: it cannot be read, so that everything is denied."""
    digest: str
    source: str
    version: UUID | None = None
    number: int = 0

    @property
    def document(self) -> PolicyDocument:
        """Of one that cannot be read: what a document says that says nothing of its own."""
        return self.compiled.document if self.compiled else _SILENT

    def review_minutes(self, *, sampled: bool) -> int:
        """How long somebody has to look at what took effect before anybody decided."""
        asked = self.document.sampling if sampled else self.document.break_glass
        return minutes_of(asked.review_within)


def hourly_rules_of(workspace_id: UUID) -> frozenset[str]:
    """Rules that say one thing by day and another by night."""
    rules = policy_in_force(workspace_id).document.rules
    return frozenset(rule.name for rule in rules if rule.when.hours)


def policy_in_force(workspace_id: UUID) -> InForce:
    """No question of who asks: it holds for everybody."""
    found = _released(workspace=workspace_id)
    if not found:
        built_in = built_in_policy()
        return InForce(compiled=built_in, digest=built_in.digest, source=BUILT_IN)
    [(version_id, digest, number)] = found
    compiled = None
    try:
        compiled = _compiled(version_id, digest)
    except PolicyInvalid as error:
        log.error(
            "A released policy cannot be read, so everything is denied",
            workspace=str(workspace_id),
            version=str(version_id),
            faults=len(error.details),
        )
    return InForce(
        compiled=compiled,
        digest=digest,
        source=f"workspace v{number}",
        version=version_id,
        number=number,
    )


@prepared
def _released(*, workspace: UUID) -> QuerySet[Policy, tuple[UUID, str, int]]:
    held = Policy.objects.filter(workspace_id=workspace, current__isnull=False)
    return held.values_list("current_id", "current__digest", "current__number")


def built_in_policy() -> CompiledPolicy:
    return _built_in(built_in_text())


def built_in_text() -> str:
    """What holds where no policy was released."""
    lines = ["# The built-in policy: it holds until another one is released.", 'version: "1"']
    folders = settings.AGENT_WHITELIST_DIRS
    return "\n".join([*lines, "allowed_dirs:", *(f"  - {_quoted(one)}" for one in folders), ""])


def understood(text: str) -> Parsed:
    """Of a text that was released."""
    return read_policy(text)


def text_in_force(workspace_id: UUID) -> str:
    held = Policy.objects.filter(workspace_id=workspace_id)
    found: str | None = held.values_list("current__text", flat=True).first()
    return built_in_text() if found is None else found


def policies(*, actor: Actor) -> QuerySet[Policy]:
    """Of all workspaces one belongs to, where one was released."""
    found = Policy.objects.visible_to(actor).filter(current__isnull=False)
    return found.select_related("current", "workspace")


def current_version(*, workspace_id: UUID, actor: Actor) -> PolicyVersion | None:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    held = Policy.objects.visible_to(actor).filter(workspace_id=workspace_id)
    return PolicyVersion.objects.filter(id__in=held.values("current_id")).first()


def versions_of(*, workspace_id: UUID, actor: Actor) -> QuerySet[PolicyVersion]:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    return PolicyVersion.objects.visible_to(actor).filter(workspace_id=workspace_id)


def version(*, number: int, workspace_id: UUID, actor: Actor) -> PolicyVersion:
    found = versions_of(workspace_id=workspace_id, actor=actor).filter(number=number).first()
    if found is None:
        raise NotFound
    return found


def text_of_version(*, number: int, workspace_id: UUID, actor: Actor) -> str:
    """0 is the built-in policy."""
    if number == 0:
        require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
        return built_in_text()
    return version(number=number, workspace_id=workspace_id, actor=actor).text


def drafts_of(*, workspace_id: UUID, actor: Actor) -> QuerySet[PolicyDraft]:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = PolicyDraft.objects.visible_to(actor).filter(workspace_id=workspace_id)
    return found.annotate(base_number=F("base__number"), released_number=F("released_as__number"))


def draft(*, draft_id: UUID, workspace_id: UUID, actor: Actor) -> PolicyDraft:
    found = drafts_of(workspace_id=workspace_id, actor=actor).filter(id=draft_id)
    one = found.select_related("base").first()
    if one is None:
        raise NotFound
    return one


def diff(before: str, after: str, *, names: tuple[str, str]) -> str:
    """Unified, as `patch` takes it."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), *names
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def changed_lines(before: str, after: str) -> int:
    return sum(
        line[0] in "+-"
        for number, line in enumerate(
            difflib.unified_diff(before.split("\n"), after.split("\n"), n=0)
        )
        if number > 1
    )


@lru_cache(maxsize=512)
def _compiled(version_id: UUID, digest: str) -> CompiledPolicy:
    """A version never changes, so neither does what it compiles to."""
    held = PolicyVersion.objects.get(id=version_id)
    parsed = read_policy(held.text)
    if parsed.digest != digest:
        raise PolicyInvalid(
            details=[{"field": "", "message": "The text is not what was released."}]
        )
    return compile_policy(parsed, source=held.source)


@lru_cache(maxsize=8)
def _built_in(text: str) -> CompiledPolicy:
    return compile_policy(read_policy(text), source=BUILT_IN)


def _quoted(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"
