"""What the views of policies read and show."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.policies.choices import ActKind, Door, DraftState, Effect, Origin, Reason, RiskLevel
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy, PolicyDraft, PolicyVersion
from apps.policies.ports import Verdict
from apps.policies.selectors.acts import Explanation
from apps.policies.selectors.replays import Replayed
from apps.policies.services.approving import approval_of_draft

LONGEST_TEXT = 256 * 1024


class TextField(serializers.CharField):
    """A policy's text, as it is: not trimmed, and of the size that is read at most."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "The policy, in YAML.")
        super().__init__(trim_whitespace=False, allow_blank=True, max_length=LONGEST_TEXT, **kwargs)


class ReasonField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Why, for those who read the versions later.")
        super().__init__(max_length=500, default="", allow_blank=True, **kwargs)


# --- verdicts


class RiskPartOutput(serializers.Serializer[Any]):
    factor = serializers.CharField()
    points = serializers.IntegerField()
    why = serializers.CharField()


class RiskOutput(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=0, max_value=100)
    level = serializers.ChoiceField(choices=RiskLevel.choices)
    parts = RiskPartOutput(many=True)


class DenialOutput(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=Reason.choices)
    message = serializers.CharField()
    vars()["field"] = serializers.CharField()
    rule = serializers.CharField()


class StageOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    quorum = serializers.IntegerField()
    roles = serializers.ListField(child=serializers.CharField())
    people = serializers.ListField(child=serializers.CharField())
    due_minutes = serializers.IntegerField(allow_null=True)
    expires_minutes = serializers.IntegerField(allow_null=True)
    business_hours = serializers.BooleanField()
    escalate_to = serializers.ListField(child=serializers.CharField())
    rules = serializers.ListField(child=serializers.CharField())


class VerdictOutput(serializers.Serializer[Any]):
    effect = serializers.ChoiceField(choices=Effect.choices)
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=Reason.choices))
    risk = RiskOutput()
    denials = DenialOutput(many=True)
    stages = StageOutput(many=True)
    trace = serializers.ListField(
        child=serializers.DictField(),
        help_text="Every gate and rule that was considered, what became of it, why, and its line.",
    )
    hits = serializers.ListField(
        child=serializers.DictField(), help_text="What the risk gate found, with line and column."
    )
    policy_digest = serializers.CharField()
    policy_source = serializers.CharField()
    input_digest = serializers.CharField()
    record = serializers.UUIDField(allow_null=True, help_text="The act's record, if it was kept.")

    class Meta:
        ref_name = "Verdict"


def verdict_shown(verdict: Verdict) -> dict[str, Any]:
    reasons = sorted({denial.reason.value for denial in verdict.denials})
    return {**verdict.as_json(), "reasons": reasons}


def verdict_in_short(verdict: Verdict) -> dict[str, Any]:
    return {
        "effect": verdict.effect.value,
        "risk": {"score": verdict.risk.score, "level": verdict.risk.level.value},
        "reasons": sorted({denial.reason.value for denial in verdict.denials}),
        "stages": [stage.name for stage in verdict.stages],
    }


# --- policies and versions


class VersionOutput(serializers.ModelSerializer[PolicyVersion]):
    rule_count = serializers.IntegerField(source="rules")

    class Meta:
        model = PolicyVersion
        fields: tuple[str, ...] = (
            *("id", "number", "digest", "rule_count", "origin", "reason", "path"),
            *("released_by", "released_by_kind", "released_at"),
        )
        ref_name = "PolicyVersion"


class WholeVersionOutput(VersionOutput):
    class Meta(VersionOutput.Meta):
        fields = (*VersionOutput.Meta.fields, "text")
        ref_name = "WholePolicyVersion"


class PolicyOutput(serializers.ModelSerializer[Policy]):
    workspace_id = serializers.UUIDField()
    current = VersionOutput()

    class Meta:
        model = Policy
        fields = ("id", "workspace_id", "current", "watched_path")
        ref_name = "Policy"


class CurrentOutput(serializers.Serializer[Any]):
    workspace_id = serializers.UUIDField()
    vars()["source"] = serializers.CharField(
        help_text="`workspace v12`, or `default`: the built-in one."
    )
    number = serializers.IntegerField(help_text="0: the built-in policy.")
    digest = serializers.CharField()
    rule_count = serializers.IntegerField()
    text = serializers.CharField()
    document = serializers.DictField(help_text="As it is understood, with every default.")
    version = VersionOutput(allow_null=True)

    class Meta:
        ref_name = "CurrentPolicy"


class DiffInput(serializers.Serializer[Any]):
    vars()["from"] = serializers.IntegerField(
        min_value=0, help_text="A version's number; 0 is the built-in policy."
    )
    to = serializers.IntegerField(min_value=0)


class DiffOutput(serializers.Serializer[Any]):
    vars()["from"] = serializers.IntegerField()
    to = serializers.IntegerField()
    diff = serializers.CharField(help_text="Unified, as `patch` takes it; empty: the same.")


class ExampleOutcome(serializers.Serializer[Any]):
    name = serializers.CharField()
    line = serializers.IntegerField()
    passed = serializers.BooleanField()
    differences = serializers.ListField(child=serializers.CharField())

    class Meta:
        ref_name = "PolicyTestOutcome"


class CheckInput(serializers.Serializer[Any]):
    content = TextField()


class CheckOutput(serializers.Serializer[Any]):
    status = serializers.CharField(help_text="`valid`.")
    digest = serializers.CharField()
    rule_count = serializers.IntegerField()
    tests = ExampleOutcome(many=True)
    passes = serializers.BooleanField(help_text="Whether its own tests pass: else none releases it")
    diff = serializers.CharField(help_text="From the policy that holds.")


class ApplyInput(serializers.Serializer[Any]):
    content = TextField()
    dry_run = serializers.BooleanField(default=False)
    reason = ReasonField()


class AppliedOutput(serializers.Serializer[Any]):
    status = serializers.CharField(help_text="`applied` or `dry_run`.")
    number = serializers.IntegerField(help_text="The version that holds now.")
    digest = serializers.CharField()
    rule_count = serializers.IntegerField()
    loaded_at = serializers.DateTimeField(allow_null=True)


class ReloadInput(serializers.Serializer[Any]):
    path = serializers.CharField(
        max_length=500,
        trim_whitespace=False,
        help_text="Within this workspace's folder of LATTICE_POLICY_DIR.",
    )


class ReloadedOutput(serializers.Serializer[Any]):
    status = serializers.CharField(help_text="`reloaded`.")
    loaded_at = serializers.DateTimeField()
    rule_count = serializers.IntegerField()


# --- drafts


class DraftInput(serializers.Serializer[Any]):
    content = TextField()
    reason = ReasonField()


class DraftChange(serializers.Serializer[Any]):
    content = TextField()
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class DraftOutput(serializers.ModelSerializer[PolicyDraft]):
    base = serializers.IntegerField(source="base_number", allow_null=True)
    released_as = serializers.IntegerField(source="released_number", allow_null=True)
    act_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = PolicyDraft
        fields: tuple[str, ...] = (
            *("id", "digest", "base", "origin", "reason", "state", "released_as", "revision"),
            *("act_id", "author_id", "author_kind", "created_at", "updated_at"),
        )
        ref_name = "PolicyDraft"


class ApprovalOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Wait for it at /api/v1/approvals/{id}/wait.")
    state = serializers.CharField()
    outcome = serializers.CharField(allow_null=True, help_text="Null as long as it is not certain.")
    view_digest = serializers.CharField(help_text="What a vote on it is bound to.")

    class Meta:
        ref_name = "PolicyApproval"


class HeldOutput(serializers.Serializer[Any]):
    """It does not hold yet."""

    status = serializers.CharField(help_text="`waiting`.")
    draft = serializers.UUIDField(help_text="What holds once it is approved.")
    approval = ApprovalOutput()


class WholeDraftOutput(DraftOutput):
    approval = serializers.SerializerMethodField()

    class Meta(DraftOutput.Meta):
        fields = (*DraftOutput.Meta.fields, "text", "approval")
        ref_name = "WholePolicyDraft"

    @extend_schema_field(ApprovalOutput(allow_null=True))
    def get_approval(self, row: PolicyDraft) -> dict[str, Any] | None:
        found = approval_of_draft(row.id)
        return found.as_json() if found else None


class DraftFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=DraftState.choices, required=False)


class OriginFilter(serializers.Serializer[Any]):
    origin = serializers.ChoiceField(choices=Origin.choices, required=False)


# --- acts


class ActFilter(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=ActKind.choices, required=False)
    effect = serializers.ChoiceField(choices=Effect.choices, required=False)
    door = serializers.ChoiceField(choices=Door.choices, required=False)
    performer_id = serializers.UUIDField(required=False)
    agent_id = serializers.CharField(
        max_length=100, required=False, source="label", help_text="What it called itself."
    )


class EraseInput(serializers.Serializer[Any]):
    reason = ReasonField(
        help_text="It stays on record for everybody: do not repeat what is to be erased."
    )


class ActOutput(serializers.ModelSerializer[ActRecord]):
    class Meta:
        model = ActRecord
        fields: tuple[str, ...] = (
            *("id", "at", "kind", "door", "label", "performer_id", "performer_kind", "effect"),
            *("reasons", "risk_score", "risk_level", "policy_digest", "policy_source", "digest"),
            *("duration_us", "erased_at", "erased_by"),
        )
        ref_name = "JudgedAct"


class ExplanationOutput(serializers.Serializer[Any]):
    act = ActOutput()
    verdict = VerdictOutput()
    asked = serializers.DictField(help_text="The act as it was judged.")
    performer = serializers.DictField()
    circumstances = serializers.DictField()
    said = serializers.DictField(help_text="As the caller put it, and what it was answered.")
    steps = serializers.ListField(
        child=serializers.DictField(),
        help_text="The trace, each step with the line of the policy that it stands in.",
    )


def explanation_shown(found: Explanation) -> dict[str, Any]:
    plain = found.case.as_json()
    return {
        "act": ActOutput(found.act).data,
        "verdict": {
            **plain["verdict"],
            "reasons": found.act.reasons,
            "record": str(found.act.id),
        },
        "asked": plain["act"],
        "performer": plain["performer"],
        "circumstances": plain["circumstances"],
        "said": plain["said"],
        "steps": [
            {**step, "text": explained.text}
            for step, explained in zip(plain["verdict"]["trace"], found.steps, strict=True)
        ],
    }


class ReplayInput(serializers.Serializer[Any]):
    draft = serializers.UUIDField(required=False, help_text="A draft, or:")
    content = TextField(required=False)
    days = serializers.IntegerField(default=7, min_value=1, max_value=366)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=1000)
    cursor = serializers.CharField(
        required=False, max_length=200, help_text="The `next_cursor` of the answer before."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("draft" in attrs) == ("content" in attrs):
            raise serializers.ValidationError("Send either `draft` or `content`.")
        return attrs


class ReplayOutput(serializers.Serializer[Any]):
    compared = serializers.IntegerField(help_text="Acts that were judged again in this call.")
    unreadable = serializers.IntegerField(help_text="Acts that were erased meanwhile.")
    total = serializers.IntegerField(help_text="All acts of these days that follow the cursor.")
    flips = serializers.ListField(
        child=serializers.DictField(),
        help_text="Each act whose verdict, or whose approvers, would be others.",
    )
    next_cursor = serializers.CharField(allow_null=True)


def replayed_shown(found: Replayed) -> dict[str, Any]:
    assert found.before is not None  # noqa: S101
    assert found.after is not None  # noqa: S101
    return {
        "act": ActOutput(found.act).data,
        "change": "effect" if found.flipped else "stages",
        "before": verdict_in_short(found.before),
        "after": verdict_in_short(found.after),
    }
