"""A plan's artifact: one JSON document with everything in it, in canonical form, and its digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from apps.common.actors import Actor
from apps.plans.choices import RiskBudget
from apps.plans.drawing import FOLDER, Drawing
from apps.plans.errors import VariantMissing
from apps.plans.patches.files import FilePatch
from apps.plans.patches.writing import patch_text
from apps.plans.variants import Variant
from apps.policies.choices import Considered
from apps.policies.ports import Verdict

FORMAT = "lattice.plan/1"


@dataclass(frozen=True)
class Artifact:
    document: dict[str, Any]

    @property
    def text(self) -> bytes:
        """Canonical: the same document is the same bytes, sorted and without spaces."""
        return orjson.dumps(self.document, option=orjson.OPT_SORT_KEYS)

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text).hexdigest()

    @property
    def variants(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["variants"]
        return found

    def variant(self, variant_id: str) -> dict[str, Any]:
        for variant in self.variants:
            if variant["id"] == variant_id:
                return variant
        raise VariantMissing

    def operations_of(self, variant_id: str) -> list[dict[str, Any]]:
        variant = self.variant(variant_id)
        taken = [self.document["operations"][number] for number in variant["operations"]]
        return [*taken, self.document["note"]] if variant["note"] else taken

    def patch(self, variant_id: str) -> str:
        """The whole of it, for `git apply`."""
        return "".join(operation["patch"] for operation in self.operations_of(variant_id))


def file_of(name: str) -> str:
    return f"{FOLDER}/{name}.json"


def artifact_of(
    drawing: Drawing,
    verdict: Verdict,
    variants: tuple[Variant, ...],
    *,
    plan_id: UUID,
    workspace_id: UUID,
    actor: Actor,
    budget: RiskBudget,
    llm: Mapping[str, Any],
    created_at: str,
) -> Artifact:
    return Artifact(
        {
            "format": FORMAT,
            "id": str(plan_id),
            "name": drawing.name,
            "file": file_of(drawing.name),
            "created_at": created_at,
            "workspace": str(workspace_id),
            "proposer": {"id": str(actor.actor_id), "kind": actor.actor_kind},
            "intent": drawing.intent,
            "context": drawing.context,
            "target_paths": list(drawing.targets),
            "risk_budget": budget.value,
            "policy": {
                "source": verdict.policy_source,
                "digest": verdict.policy_digest,
                "applied": applied_policies(verdict),
                "llm": dict(llm),
            },
            "verdict": in_short(verdict),
            "operations": [_operation(file) for file in drawing.files],
            "note": _operation(drawing.note),
            "variants": [variant.as_json() for variant in variants],
        }
    )


def applied_policies(verdict: Verdict) -> list[str]:
    """The policy that judged, and those of its rules that spoke."""
    matched = [
        step.name
        for step in verdict.trace
        if step.rule and step.considered in (Considered.MATCHED, Considered.EXEMPTED)
    ]
    return list(dict.fromkeys([verdict.policy_source, *matched]))


def in_short(verdict: Verdict) -> dict[str, Any]:
    return {
        "effect": verdict.effect.value,
        "risk": {
            "score": verdict.risk.score,
            "level": verdict.risk.level.value,
            "parts": [
                {"factor": part.factor, "points": part.points, "why": part.why}
                for part in verdict.risk.parts
            ],
        },
        "stages": [
            {"name": stage.name, "quorum": stage.quorum, "roles": list(stage.roles)}
            for stage in verdict.stages
        ],
    }


def _operation(file: FilePatch) -> dict[str, Any]:
    return {
        "action": file.action.value,
        "path": file.path,
        "to": file.to,
        "added": file.added,
        "removed": file.removed,
        "patch": patch_text([file]),
    }
