"""Policies, acts and who does them, for tests: say what matters, the rest is harmless."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from apps.policies.choices import ActKind, Considered, Verb
from apps.policies.engine.compiling import CompiledPolicy, compile_document
from apps.policies.engine.judging import judge
from apps.policies.ports import Act, Circumstances, Operation, Performer, Verdict
from apps.policies.schemas import PolicyDocument

AT_WORK = datetime(2026, 1, 7, 12, tzinfo=UTC)
AT_NIGHT = datetime(2026, 1, 7, 23, tzinfo=UTC)
ADA = UUID("0190f3c4-0000-7000-8000-0000000000ad")
BOB = UUID("0190f3c4-0000-7000-8000-0000000000b0")
ROBOT = UUID("0190f3c4-0000-7000-8000-000000000b07")


def a_policy(**fields: Any) -> CompiledPolicy:
    fields = {"version": "1", "allowed_dirs": ["."], **fields}
    return compile_document(PolicyDocument.model_validate(fields), source="a test")


def an_operation(*paths: str, verb: Verb = Verb.EDIT, **fields: Any) -> Operation:
    return Operation(verb=verb, paths=paths, **fields)


def an_act(*operations: Operation | str, kind: ActKind = ActKind.SPEC_CHANGE, **fields: Any) -> Act:
    listed = tuple(an_operation(each) if isinstance(each, str) else each for each in operations)
    return Act(kind=kind, operations=listed, **fields)


def a_robot(**fields: Any) -> Performer:
    return Performer(**{"id": ROBOT, "kind": "agent", "lineage": (ADA,), **fields})


def a_person(**fields: Any) -> Performer:
    return Performer(**{"id": ADA, "kind": "person", "role": "owner", **fields})


def now(**fields: Any) -> Circumstances:
    return Circumstances(**{"at": AT_WORK, **fields})


def verdict_on(act: Act, policy: CompiledPolicy | None = None, **others: Any) -> Verdict:
    performer = others.pop("performer", a_robot())
    circumstances = others.pop("circumstances", now())
    return judge(policy or a_policy(), act, performer, circumstances, **others)


def reasons(verdict: Verdict) -> set[str]:
    return {str(denial.reason) for denial in verdict.denials}


def matched(verdict: Verdict) -> list[str]:
    return [
        step.name for step in verdict.trace if step.rule and step.considered == Considered.MATCHED
    ]
