"""What the views of policies and their versions read and show."""

from typing import Any

from rest_framework import serializers

from apps.policies.choices import Origin
from apps.policies.models.policies import Policy, PolicyVersion

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


class OriginFilter(serializers.Serializer[Any]):
    origin = serializers.ChoiceField(choices=Origin.choices, required=False)
