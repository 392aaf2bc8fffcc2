"""What the views of plans read and show."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.approvals.choices import Outcome, State
from apps.plans.artifacts import Artifact, applied_policies
from apps.plans.choices import Action, IdeaKind, PlanState, RiskBudget, VariantId
from apps.plans.models import Plan
from apps.plans.services.proposing import Proposed
from apps.policies.choices import Effect, RiskLevel
from apps.policies.ports import Approval


class BudgetQuery(serializers.Serializer[Any]):
    risk_budget = serializers.ChoiceField(
        choices=RiskBudget.choices,
        default=RiskBudget.MEDIUM,
        help_text="How much risk you are ready to take. Variants above it are marked.",
    )


class PlanFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=PlanState.choices, required=False)
    risk_level = serializers.ChoiceField(choices=RiskLevel.choices, required=False)
    effect = serializers.ChoiceField(choices=Effect.choices, required=False)
    proposer_id = serializers.UUIDField(required=False, help_text="Who proposed it.")


class VariantQuery(serializers.Serializer[Any]):
    variant = serializers.ChoiceField(choices=VariantId.choices, default=VariantId.BALANCED)


class KnobsOutput(serializers.Serializer[Any]):
    temperature = serializers.FloatField()
    risk_budget = serializers.ChoiceField(choices=RiskBudget.choices)
    depth_limit = serializers.IntegerField()
    explore = serializers.BooleanField()
    review_enforcement = serializers.ChoiceField(choices=["optional", "required", "denied"])


class VariantOutput(serializers.Serializer[Any]):
    id = serializers.ChoiceField(choices=VariantId.choices)
    vars()["label"] = serializers.CharField()
    risk_level = serializers.ChoiceField(choices=RiskLevel.choices)
    risk_score = serializers.IntegerField()
    effect = serializers.ChoiceField(
        choices=Effect.choices, help_text="What the policy says to this variant by itself."
    )
    within_budget = serializers.BooleanField()
    operations = serializers.ListField(
        child=serializers.IntegerField(), help_text="Which of the plan's operations it keeps."
    )
    note = serializers.BooleanField(help_text="Whether it carries the plan's own note.")
    knobs = KnobsOutput()
    summary = serializers.CharField()
    explanation = serializers.CharField()
    patch_preview = serializers.CharField(help_text="Its beginning; `patch` has all of it.")

    class Meta:
        ref_name = "PlanVariant"


class RiskInShort(serializers.Serializer[Any]):
    score = serializers.IntegerField()
    level = serializers.ChoiceField(choices=RiskLevel.choices)
    parts = serializers.ListField(child=serializers.DictField())


class VerdictInShort(serializers.Serializer[Any]):
    effect = serializers.ChoiceField(choices=Effect.choices)
    risk = RiskInShort()
    stages = serializers.ListField(child=serializers.DictField())

    class Meta:
        ref_name = "PlanVerdict"


class OperationOutput(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=Action.choices)
    path = serializers.CharField()
    to = serializers.CharField(help_text="Where a rename leads.")
    added = serializers.IntegerField()
    removed = serializers.IntegerField()

    class Meta:
        ref_name = "PlanOperation"


class ApprovalInShort(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Wait for it at /api/v1/approvals/{id}/wait.")
    state = serializers.ChoiceField(choices=State.choices)
    outcome = serializers.ChoiceField(
        choices=Outcome.choices, allow_null=True, help_text="Null as long as it is not certain."
    )
    view_digest = serializers.CharField(help_text="What a vote on it is bound to.")


class PlanOutput(serializers.ModelSerializer[Plan]):
    artifact = serializers.CharField(source="file", help_text="The name of the artifact.")
    intent = serializers.SerializerMethodField()

    class Meta:
        model = Plan
        fields: tuple[str, ...] = (
            *("id", "artifact", "state", "intent", "effect", "risk_level", "risk_score"),
            *("risk_budget", "operations", "lines_added", "lines_removed", "digest"),
            *("policy_source", "proposer_id", "proposer_kind", "created_at"),
            *("released_by", "released_at", "exported_at"),
        )

    def get_intent(self, row: Plan) -> str:
        intents: Mapping[Any, str] = self.context["intents"]
        return intents[row.id]


class WholePlanOutput(PlanOutput):
    vars()["context"] = serializers.CharField()
    target_paths = serializers.ListField(child=serializers.CharField())
    applied_policies = serializers.ListField(child=serializers.CharField())
    verdict = VerdictInShort()
    operations = OperationOutput(many=True)
    variants = VariantOutput(many=True)
    approval = ApprovalInShort(allow_null=True)

    class Meta(PlanOutput.Meta):
        fields = (
            *PlanOutput.Meta.fields,
            *("context", "target_paths", "applied_policies", "verdict", "variants", "approval"),
        )
        ref_name = "WholePlan"


class CreatedOutput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["created"])
    id = serializers.UUIDField()
    artifact = serializers.CharField(help_text="Its name, below plans/, as JSON.")
    state = serializers.ChoiceField(choices=PlanState.choices)
    digest = serializers.CharField(help_text="SHA-256 of the artifact.")
    applied_policies = serializers.ListField(
        child=serializers.CharField(),
        help_text="The policy that judged, then its rules that spoke.",
    )
    verdict = VerdictInShort()
    variants = VariantOutput(many=True)
    approval = ApprovalInShort(allow_null=True, help_text="What it waits for.")


class PullOutput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=["ready", "waiting"])
    plan = serializers.UUIDField()
    variant_id = serializers.ChoiceField(choices=VariantId.choices)
    branch = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField(help_text="Markdown, in which what people wrote does nothing.")
    labels = serializers.ListField(child=serializers.CharField())
    draft = serializers.BooleanField()
    dry_run = serializers.BooleanField()
    patch = serializers.CharField()
    patch_digest = serializers.CharField()
    commands = serializers.ListField(
        child=serializers.CharField(), help_text="To run in a clone. Lattice runs none of them."
    )
    approval = ApprovalInShort(allow_null=True)


class IdeaOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=IdeaKind.choices)
    title = serializers.CharField()
    why = serializers.CharField()
    about = serializers.DictField(child=serializers.CharField())
    suggestion = serializers.DictField()


class IdeasOutput(serializers.Serializer[Any]):
    ideas = IdeaOutput(many=True)


def created(made: Proposed) -> dict[str, Any]:
    plan, artifact = made.plan, made.artifact
    return {
        "status": "created",
        "id": str(plan.id),
        "artifact": plan.file,
        "state": plan.state,
        "digest": plan.digest,
        "applied_policies": applied_policies(made.verdict),
        "verdict": artifact.document["verdict"],
        "variants": artifact.variants,
        "approval": made.approval.as_json() if made.approval else None,
    }


def whole(plan: Plan, artifact: Artifact, approval: Approval | None) -> dict[str, Any]:
    document = artifact.document
    intents = {plan.id: document["intent"]}
    return {
        **PlanOutput(plan, context={"intents": intents}).data,
        "context": document["context"],
        "target_paths": document["target_paths"],
        "applied_policies": document["policy"]["applied"],
        "verdict": document["verdict"],
        "operations": [
            {name: value for name, value in operation.items() if name != "patch"}
            for operation in document["operations"]
        ],
        "variants": document["variants"],
        "approval": approval.as_json() if approval else None,
    }
