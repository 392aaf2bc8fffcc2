"""Something that can be asked about, for tests: a loaf, judged by the policy that holds, which can
be cut and spread. Loaves lie in a table of their own, so every process sees the same ones.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from apps.accounts.models import User
from apps.approvals.errors import NotReshapable, OperationsUnknown
from apps.approvals.ports import Affected, Change, Field, Operation, Reshaped, Summary, subjects
from apps.approvals.services.opening import open_request
from apps.common.errors import NotFound
from apps.common.ids import uuid7
from apps.ledger.services import unit
from apps.policies.choices import ActKind, Verb
from apps.policies.ports import Act, Verdict
from apps.policies.ports import Operation as Touched
from apps.policies.services.judging import judge_act, scales_for

KIND = "loaf"
_TABLE = """
    CREATE TABLE IF NOT EXISTS tests_loaf
        (id uuid PRIMARY KEY, workspace uuid, baker uuid, slices text[], spread text DEFAULT '')
"""


def lay_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)


def bake(workspace: UUID, baker: UUID, slices: Sequence[str] = ("docs/a.md", "docs/b.md")) -> UUID:
    loaf = uuid7()
    _do("INSERT INTO tests_loaf VALUES (%s, %s, %s, %s)", loaf, workspace, baker, list(slices))
    return loaf


def toast(loaf: UUID) -> None:
    """Somebody changes it behind everybody's back."""
    _do("UPDATE tests_loaf SET spread = spread || '!' WHERE id = %s", loaf)


def rename(loaf: UUID, slices: Sequence[str]) -> None:
    _do("UPDATE tests_loaf SET slices = %s WHERE id = %s", list(slices), loaf)


def eat(loaf: UUID) -> None:
    _do("DELETE FROM tests_loaf WHERE id = %s", loaf)


def ask(workspace, baker, slices=("docs/a.md", "docs/b.md"), **more):
    """Bake a loaf and ask about it."""
    with unit(actor=baker, workspace=workspace.id):
        loaf = bake(workspace.id, baker.id, slices)
        verdict = judge_act(act=_act(slices), actor=baker, workspace=workspace.id)
        return open_request(
            kind=KIND,
            subject=loaf,
            content=_digest(loaf),
            verdict=verdict,
            actor=baker,
            workspace=workspace.id,
            **more,
        )


class Loaves:
    label = "Loaf"

    def summaries(self, ids: Collection[UUID]) -> Mapping[UUID, Summary]:
        found = _all("SELECT id, slices FROM tests_loaf WHERE id = ANY(%s)", list(ids))
        return {
            id_: Summary(
                sentence=f"Somebody bakes {', '.join(slices)}",
                size=f"{len(slices)} slices",
                touches=frozenset(slices),
            )
            for id_, slices in found
        }

    def change(self, subject_id: UUID) -> Change:
        row = _row(subject_id)
        if row is None:
            raise NotFound
        return Change(
            digest=_digest(subject_id),
            operations=tuple(
                Operation(
                    number=number,
                    verb="create",
                    target=path,
                    diff=f"+{path} {row[3]}",
                    fields=(
                        Field(name="spread", before=None, after=row[3] or "none"),
                        Field(name="eaten by", before=("Ada", "Bo"), after=("Bo", "Cy")),
                    ),
                )
                for number, path in enumerate(row[2])
            ),
            checks=(
                {"name": "baked", "passed": True, "text": "Both sides."},
                {"name": "salted", "passed": False, "text": "Too little."},
                {"name": "cut", "passed": True, "text": ""},
            ),
            rationale="Bread is good.",
        )

    def impact(self, subject_id: UUID, *, actor) -> tuple[Affected, ...]:
        """Three levels: toasts of the loaf, who eats each, and who cooks for them."""
        row = _row(subject_id)
        eaters = ("Ada", "Bo\u202e")
        return (
            *(
                Affected(key=path, label=f"Toast of {path}", kind="toast", how="is made of it")
                for path in (row[2] if row else ())
            ),
            *(
                Affected(
                    key=who, label=who, kind="guest", how="eats", of="docs/a.md", url=f"/eats/{n}"
                )
                for n, who in enumerate(eaters)
            ),
            Affected(key="cook", label="The cook", kind="staff", how="cooks for", of="Ada"),
        )

    def digest(self, subject_id: UUID) -> str | None:
        return _digest(subject_id) if _row(subject_id) else None

    def judge(self, subject_id: UUID, *, by: UUID | None = None) -> Verdict | None:
        row = _row(subject_id)
        if row is None:
            return None
        baker = User.objects.get_queryset().filter(id=by or row[1]).first()
        if baker is None:
            return None
        return scales_for(actor=baker, workspace=row[0]).weigh(_act(row[2]))

    def reshape(self, subject_id, *, actor, edits=None, operations=None):
        row = _row(subject_id)
        assert row is not None
        workspace, baker, slices, _ = row
        if edits is not None:
            if set(edits) != {"spread"}:
                raise NotReshapable
            _do("UPDATE tests_loaf SET spread = %s WHERE id = %s", edits["spread"], subject_id)
            return _reshaped(self, subject_id)
        chosen = sorted(set(operations or ()))
        if not chosen or chosen[-1] >= len(slices):
            raise OperationsUnknown
        kept = [slices[number] for number in chosen]
        left = [path for number, path in enumerate(slices) if number not in chosen]
        _do("UPDATE tests_loaf SET slices = %s WHERE id = %s", kept, subject_id)
        return _reshaped(self, subject_id, bake(workspace, baker, left) if left else None)


def _reshaped(loaves: Loaves, loaf: UUID, rest: UUID | None = None) -> Reshaped:
    verdict = loaves.judge(loaf)
    assert verdict is not None
    return Reshaped(
        digest=_digest(loaf),
        verdict=verdict,
        rest=rest,
        rest_verdict=loaves.judge(rest) if rest else None,
    )


def _act(slices: Sequence[str]) -> Act:
    return Act(
        kind=ActKind.SPEC_CHANGE,
        operations=tuple(Touched(verb=Verb.CREATE, paths=(path,)) for path in slices),
    )


def _digest(loaf: UUID) -> str:
    row = _row(loaf)
    assert row is not None
    return hashlib.sha256(repr((row[2], row[3])).encode()).hexdigest()


def _row(loaf: UUID) -> tuple[Any, ...] | None:
    rows = _all("SELECT workspace, baker, slices, spread FROM tests_loaf WHERE id = %s", loaf)
    return rows[0] if rows else None


def _do(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _all(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


subjects.setdefault(KIND, Loaves())
