"""Plans: listed, opened, and as a workspace's export holds them."""

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from django.db.models import QuerySet

from apps.accounts.choices import Permission
from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import decrypt, opener
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.plans.artifacts import FORMAT, Artifact
from apps.plans.choices import PlanState, RiskBudget
from apps.plans.errors import PlanUnreadable
from apps.plans.models import Plan
from apps.plans.schemas import PlanIn

OpenText = Callable[[bytes, str], bytes]
"""A sealed text, and what it is sealed for."""

UNREADABLE = "(cannot be read any more)"
LARGEST = 64_000_000
COMPARED = 500
"""So many others are looked at for touching the same."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    artifact: Artifact
    sent: PlanIn


def plans_of(*, workspace_id: UUID, actor: Actor, **asked: Any) -> QuerySet[Plan]:
    """`asked`: equal to what is given, of state, risk_level, effect, proposer_id."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = Plan.objects.visible_to(actor).filter(workspace_id=workspace_id, **asked)
    return found.defer("sealed")


def plan(*, plan_id: UUID, workspace_id: UUID, actor: Actor) -> Plan:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = Plan.objects.visible_to(actor).filter(workspace_id=workspace_id, id=plan_id)
    one = found.first()
    if one is None:
        raise NotFound
    return one


def plan_asked_before(*, asked: str, workspace_id: UUID, actor: Actor) -> Plan | None:
    """The actor's latest plan for the very same, by its `asked_digest`."""
    found = Plan.objects.visible_to(actor).filter(
        workspace_id=workspace_id, proposer_id=actor.actor_id, asked_digest=asked
    )
    return found.order_by("-id").first()


def waiting_beside(row: Plan, actor: Actor) -> list[Plan]:
    """The latest others of its workspace, for what they touch."""
    found = Plan.objects.visible_to(actor).filter(
        workspace_id=row.workspace_id, state=PlanState.WAITING
    )
    others = found.exclude(id=row.id).order_by("-id").defer("sealed", "sealed_intent")
    return list(others[:COMPARED])


def opened(row: Plan) -> Opened:
    packed = decrypt(row.workspace_id, bytes(row.sealed), context=row.context)
    try:
        found = orjson.loads(zlib.decompressobj().decompress(packed, LARGEST))
        artifact, sent = Artifact(found["artifact"]), PlanIn.model_validate(found["sent"])
    except (KeyError, ValueError) as error:
        raise PlanUnreadable from error
    if artifact.document.get("format") != FORMAT:
        raise PlanUnreadable
    return Opened(artifact=artifact, sent=sent)


def packed(artifact: Artifact, sent: PlanIn) -> bytes:
    whole = {"artifact": artifact.document, "sent": plain(sent)}
    return zlib.compress(orjson.dumps(whole), level=3)


@dataclass(frozen=True, kw_only=True)
class Touched:
    """What a plan would do, known without opening the whole of it."""

    words: str
    paths: frozenset[str]


def intents_of(rows: Iterable[Plan]) -> dict[UUID, str]:
    """By the id of the plan, with one query for each workspace there is among them."""
    return {
        row.id: _text(open_text, row.sealed_intent, row.intent_context)
        for row, open_text in _with_openers(rows)
    }


def touched_by(rows: Iterable[Plan]) -> dict[UUID, Touched]:
    """Likewise."""
    found = {}
    for row, open_text in _with_openers(rows):
        words = _text(open_text, row.sealed_touched, row.touched_context)
        paths = _text(open_text, row.sealed_paths, row.paths_context)
        found[row.id] = Touched(
            words=words
            or f"proposes {row.operations} change" + ("s" if row.operations > 1 else ""),
            paths=frozenset(paths.split("\n")) - {"", UNREADABLE},
        )
    return found


def _with_openers(rows: Iterable[Plan]) -> Iterator[tuple[Plan, OpenText]]:
    by_workspace: dict[UUID, list[Plan]] = {}
    for row in rows:
        by_workspace.setdefault(row.workspace_id, []).append(row)
    for workspace_id, own in by_workspace.items():
        open_text = opener(workspace_id)
        yield from ((row, open_text) for row in own)


def _text(open_text: OpenText, sealed: bytes | memoryview | None, context: str) -> str:
    try:
        return open_text(bytes(sealed), context).decode() if sealed else ""
    except (KeysErased, Undecipherable):
        return UNREADABLE


def plain(sent: PlanIn) -> dict[str, Any]:
    """As it would be sent again."""
    keep = set(PlanIn.model_fields)
    found: dict[str, Any] = sent.model_dump(mode="json", include=keep, exclude_none=True)
    return found


def asked_digest(sent: PlanIn, budget: RiskBudget) -> str:
    asked: Mapping[str, Any] = {**plain(sent), "risk_budget": budget.value}
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()


def exported(row: Plan) -> dict[str, Any]:
    """As a workspace's export holds it: readable, since a deletion ends the keys."""
    columns = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.name.startswith("sealed")
    }
    try:
        return {**columns, "artifact": opened(row).artifact.document}
    except (KeysErased, Undecipherable):
        return {**columns, "artifact": None}
