"""What another policy would have said of acts that were judged."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.choices import Permission
from apps.accounts.selectors.standing import require
from apps.common.actors import Actor
from apps.policies.engine.compiling import CompiledPolicy
from apps.policies.engine.judging import judge
from apps.policies.models.acts import ActRecord
from apps.policies.ports import Verdict
from apps.policies.selectors.acts import opened_all

CHUNK = 20
"""An act may be as long as a body: so many are in memory at once."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """`before` and `after` are None for an act that can no longer be read."""

    act: ActRecord
    before: Verdict | None = None
    after: Verdict | None = None

    @property
    def readable(self) -> bool:
        return self.after is not None

    @property
    def flipped(self) -> bool:
        """It would have been allowed, asked about or denied instead."""
        return bool(self.before and self.after and self.before.effect != self.after.effect)

    @property
    def shifted(self) -> bool:
        """Others would have been asked."""
        if self.before is None or self.after is None or self.flipped:
            return False
        return _asked(self.before) != _asked(self.after)


def acts_to_replay(
    *, workspace_id: UUID, actor: Actor, days: int, after: UUID | None = None
) -> QuerySet[ActRecord]:
    """The oldest first. `after`: those that follow this one."""
    require(actor=actor, workspace_id=workspace_id, permission=Permission.DECIDE)
    found = ActRecord.objects.visible_to(actor).filter(
        workspace_id=workspace_id, at__gte=timezone.now() - timedelta(days=days)
    )
    return (found.filter(id__gt=after) if after else found).order_by("id")


def replayed(
    policy: CompiledPolicy, acts: QuerySet[ActRecord], *, limit: int | None = None
) -> Iterator[Replayed]:
    """One after the other, so that whoever reads can show how far it is."""
    last: UUID | None = None
    left = limit
    while left is None or left > 0:
        chosen = acts.filter(id__gt=last) if last else acts
        rows = list(chosen[: CHUNK if left is None else min(CHUNK, left)])
        if not rows:
            return
        for row, case in zip(rows, opened_all(rows[0].workspace_id, rows), strict=True):
            if case is None:
                yield Replayed(act=row)
                continue
            after = judge(policy, case.act, case.performer, case.circumstances, rego=case.rego)
            yield Replayed(act=row, before=case.verdict, after=after)
        last = rows[-1].id
        left = None if left is None else left - len(rows)


def _asked(verdict: Verdict) -> set[tuple[object, ...]]:
    return {
        (stage.name, stage.quorum, frozenset(stage.roles), frozenset(stage.people))
        for stage in verdict.stages
    }
