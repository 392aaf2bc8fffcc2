"""Acts that were judged: listed, opened, explained, and what they make of somebody's state."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case as Choice
from django.db.models import Count, F, Q, QuerySet, When
from django.db.models.functions import Length

from apps.accounts.choices import Permission
from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.keyring import decrypt, opener
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.common.errors import NotFound
from apps.policies.cases import LARGEST, Case, unpack
from apps.policies.choices import Door
from apps.policies.errors import ActUnreadable
from apps.policies.models.acts import ActRecord, mark_of
from apps.policies.models.policies import PolicyVersion
from apps.policies.ports import Step
from apps.policies.schemas import Quotas
from apps.policies.selectors.policies import BUILT_IN, built_in_text

STATE_LIMIT = 100
"""The latest of each that a state shows."""
LONGEST_SHOWN = 100_000
"""Bytes of an act with its verdict. What was said in a longer one is told when it is explained."""
COUNTED_ANYWAY = 1000
"""Acts are counted up to the quota, or so far: a draft that is replayed may have a quota."""
LATELY = """
SELECT count(*) FILTER (WHERE at > %(hour)s), count(*) FROM (
    SELECT at FROM policies_actrecord
    WHERE workspace_id = %(workspace)s AND performer_id = %(performer)s AND at > %(day)s
        AND NOT effect = 'deny'
    ORDER BY at DESC LIMIT %(most)s
) AS newest
"""
OBSERVED = (Door.ACT, Door.TURN)


@dataclass(frozen=True, kw_only=True)
class Explained:
    """A step of a verdict, and the line of the policy that it stands in."""

    step: Step
    text: str


@dataclass(frozen=True, kw_only=True)
class Explanation:
    act: ActRecord
    case: Case
    steps: tuple[Explained, ...]
    version: int
    """Of the policy, in whose text the lines stand. 0: the built-in one."""
    path: str
    """Of the file that version came from. Empty: it came from none."""


def acts_lately(
    *, workspace: UUID, performer: UUID, until: datetime, quotas: Quotas
) -> tuple[int, int]:
    """How many quotas count within the last hour and day: what was not denied."""
    most = [max(q or 0, COUNTED_ANYWAY) + 1 for q in (quotas.acts_per_hour, quotas.acts_per_day)]
    asked: dict[str, Any] = {
        "workspace": workspace,
        "performer": performer,
        "hour": until - timedelta(hours=1),
        "day": until - timedelta(days=1),
        "most": max(most),
    }
    with connection.cursor() as cursor:
        cursor.execute(LATELY, asked)
        in_hour, in_day = cursor.fetchone()
    return min(in_hour, most[0]), min(in_day, most[1])


def acts_of(*, workspace_id: UUID, actor: Actor, **asked: Any) -> QuerySet[ActRecord]:
    """`asked`: equal to what is given, of kind, effect, door, performer_id, label."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    if label := asked.pop("label", ""):
        asked["label__in"] = [label, mark_of(label, workspace_id)]
    found = ActRecord.objects.visible_to(actor).filter(workspace_id=workspace_id, **asked)
    return found.defer("sealed")


def act(*, act_id: UUID, workspace_id: UUID, actor: Actor) -> ActRecord:
    require(actor=actor, workspace_id=workspace_id, permission=Permission.READ)
    found = ActRecord.objects.visible_to(actor).filter(workspace_id=workspace_id, id=act_id)
    one = found.first()
    if one is None:
        raise NotFound
    return one


def opened(row: ActRecord) -> Case:
    if row.sealed is None:
        raise ActUnreadable
    try:
        return unpack(decrypt(row.workspace_id, bytes(row.sealed), context=row.context))
    except (KeysErased, Undecipherable, ValueError) as error:  # ValueError: of an older form
        raise ActUnreadable from error


def opened_all(
    workspace_id: UUID, rows: Sequence[ActRecord], *, longest: int = LARGEST
) -> Iterator[Case | None]:
    """In the order of the rows, with one query for all of them. None: it cannot be read."""
    open_text = opener(workspace_id)
    for row in rows:
        case = None
        if row.sealed is not None:
            try:
                case = unpack(open_text(bytes(row.sealed), row.context), longest=longest)
            except (KeysErased, Undecipherable, ValueError):  # ValueError: of an older form
                case = None
        yield case


def explanation(row: ActRecord) -> Explanation:
    case = opened(row)
    version, path, text = _text_that_judged(row)
    lines = text.splitlines()
    return Explanation(
        act=row,
        case=case,
        steps=tuple(
            Explained(step=step, text=lines[step.line - 1] if 0 < step.line <= len(lines) else "")
            for step in case.verdict.trace
        ),
        version=version,
        path=path,
    )


def state_of(*, label: str, workspace_id: UUID, actor: Actor) -> dict[str, Any]:
    """What was done under this name, as far as the actor may see it. Empty: nothing was."""
    found = acts_of(workspace_id=workspace_id, actor=actor, label=label).defer(None)
    short = Choice(When(size__lte=LONGEST_SHOWN, then=F("sealed")), default=None)
    found = found.defer("sealed").annotate(size=Length("sealed"), short=short)
    rows = [
        row
        for door in OBSERVED
        for row in reversed(found.filter(door=door).order_by("-id")[:STATE_LIMIT])
    ]
    for row in rows:
        row.sealed = row.short
    if not rows:
        return {}
    cases = opened_all(workspace_id, rows, longest=LONGEST_SHOWN)
    shown: dict[str, list[dict[str, Any]]] = {"actions": [], "turns": []}
    for row, case in zip(rows, cases, strict=True):
        said = dict(case.said) if case else {}
        shown["actions" if row.door == Door.ACT else "turns"].append(
            {
                **said,
                "at": row.at,
                "ok": not row.reasons,
                "effect": row.effect,
                "risk": row.risk_score,
                "latency_ms": row.duration_us // 1000,
                "act": row.id,
            }
        )
    return {"agent_id": label, "state": shown}


def states(*, workspace_id: UUID, actor: Actor) -> dict[str, dict[str, int]]:
    """Under which names something was done, and how much."""
    rows = (
        acts_of(workspace_id=workspace_id, actor=actor, door__in=OBSERVED)
        .exclude(label="")
        .order_by()
        .values("label")
        .annotate(
            actions=Count("id", filter=Q(door=Door.ACT)),
            turns=Count("id", filter=Q(door=Door.TURN)),
        )
        .order_by("label")[:STATE_LIMIT]
    )
    return {row["label"]: {"actions": row["actions"], "turns": row["turns"]} for row in rows}


def exported(row: ActRecord) -> dict[str, Any]:
    """As a workspace's export holds it: readable, since a deletion ends the keys."""
    plain = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name != "sealed"
    }
    try:
        return {**plain, "case": opened(row).as_json()}
    except ActUnreadable:
        return {**plain, "case": None}


def _text_that_judged(row: ActRecord) -> tuple[int, str, str]:
    """The version's number and path, and its text."""
    if row.policy_source == BUILT_IN:
        return 0, "", built_in_text()
    versions = PolicyVersion.objects.filter(workspace_id=row.workspace_id, digest=row.policy_digest)
    found = versions.order_by("-number").values_list("number", "path", "text").first()
    return found or (0, "", "")
