"""What the views of mutations read and show."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any

from pydantic import ConfigDict, PlainValidator, StringConstraints
from rest_framework import serializers

from apps.approvals.choices import Outcome, State
from apps.common.bodies import Described
from apps.common.diffs.unified import written_hunk
from apps.policies.choices import Effect, Reason, RiskLevel
from apps.policies.ports import Approval, Verdict
from apps.specs.changes.kept import read
from apps.specs.changes.values import Operation
from apps.specs.choices import LinkKind, Op, ProposalState, Severity
from apps.specs.models.graph import TITLE_LENGTH
from apps.specs.models.proposals import Proposal
from apps.specs.rules import REVISED
from apps.specs.schemas import LONGEST_RATIONALE, OperationIn, read_operations
from apps.specs.selectors.proposals import Overlap


def _operations(given: Any) -> tuple[OperationIn, ...]:
    if not isinstance(given, list):
        raise ValueError("A list of operations.")
    return read_operations(given)


Title = Annotated[
    str,
    StringConstraints(max_length=TITLE_LENGTH, pattern=r"^[^\x00-\x1f\x7f\u0085\u2028\u2029]*$"),
]
Rationale = Annotated[str, StringConstraints(max_length=LONGEST_RATIONALE)]
Operations = Annotated[
    tuple[OperationIn, ...],
    PlainValidator(_operations, json_schema_input_type=list[OperationIn]),
]


class Incoming(Described):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MutationIn(Incoming):
    """What somebody wants done to specs, and why."""

    title: Title = ""
    """In a line. Empty: a sentence says what the operations do."""
    rationale: Rationale = ""
    """For those who decide. It is shown as yours."""
    operations: Operations
    """Done in this order, all of them or none."""
    dry_run: bool = False
    """Only tell what would come of it: nothing is kept or recorded."""
    draft: bool = False
    """Keep it for yourself, until you submit it."""


class RevisionIn(Incoming):
    """What takes the place of a proposal."""

    title: Title | None = None
    """null: it stays."""
    rationale: Rationale | None = None
    """null: it stays."""
    operations: Operations
    """All of them, anew."""


class RevertIn(Incoming):
    rationale: Rationale = ""
    """Why it shall be undone."""


class MutationFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=ProposalState.choices, required=False)
    risk = serializers.ChoiceField(choices=RiskLevel.choices, required=False)
    proposer = serializers.UUIDField(required=False, help_text="Who proposed it.")
    touching = serializers.CharField(
        max_length=80, required=False, help_text="The key or id of a spec that it changes."
    )

    def asked(self) -> dict[str, Any]:
        names = {"risk": "risk_level", "proposer": "proposer_id"}
        return {names.get(name, name): value for name, value in self.validated_data.items()}


class RiskOutput(serializers.Serializer[Any]):
    score = serializers.IntegerField(min_value=0, max_value=100)
    level = serializers.ChoiceField(choices=RiskLevel.choices)

    class Meta:
        ref_name = "MutationRisk"


class DenialOutput(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=Reason.choices)
    message = serializers.CharField()
    vars()["field"] = serializers.CharField(allow_blank=True)
    rule = serializers.CharField(allow_blank=True)

    class Meta:
        ref_name = "MutationDenial"


class VerdictOutput(serializers.Serializer[Any]):
    effect = serializers.ChoiceField(choices=Effect.choices)
    risk = RiskOutput()
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=Reason.choices), help_text="Why it is denied."
    )
    denials = DenialOutput(many=True, help_text="The same with words and places.")
    stages = serializers.ListField(
        child=serializers.CharField(), help_text="Of approval that it takes, in order."
    )

    class Meta:
        ref_name = "MutationVerdict"


class LinkOutput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=LinkKind.choices)
    to = serializers.CharField(help_text="The key of its other end.")
    to_id = serializers.UUIDField()

    class Meta:
        ref_name = "MutationLink"


class OperationOutput(serializers.Serializer[Any]):
    number = serializers.IntegerField(help_text="From 0, as sent.")
    op = serializers.ChoiceField(choices=Op.choices)
    target = serializers.CharField(help_text="The key of the spec it is done to.")
    node = serializers.UUIDField(help_text="The id of that spec, which stays.")
    kind = serializers.CharField(help_text="What that spec is.")
    base = serializers.IntegerField(help_text="The version it is based on. 0: it creates it.")
    before = serializers.DictField(help_text="What stood in the fields that it changes.")
    after = serializers.DictField(help_text="What will stand there.")
    patch = serializers.CharField(
        allow_blank=True, help_text="Of an edit: how the body changes, as a unified diff."
    )
    link = LinkOutput(allow_null=True, help_text="Of a link or unlink.")

    class Meta:
        ref_name = "MutationOperation"


class FindingOutput(serializers.Serializer[Any]):
    check = serializers.CharField(help_text="The check that found it.")
    severity = serializers.ChoiceField(choices=Severity.choices)
    message = serializers.CharField()
    operation = serializers.IntegerField(allow_null=True)
    key = serializers.CharField(allow_blank=True)
    vars()["field"] = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)
    fix = serializers.CharField(allow_blank=True, help_text="What would make it right.")

    class Meta:
        ref_name = "MutationFinding"


class ConflictOutput(serializers.Serializer[Any]):
    operation = serializers.IntegerField()
    vars()["field"] = serializers.CharField()
    base = serializers.JSONField(help_text="What stood there when it was proposed.")
    theirs = serializers.JSONField(help_text="What stands there now.")
    ours = serializers.JSONField(help_text="What the proposal would have there.")
    message = serializers.CharField()

    class Meta:
        ref_name = "MutationConflict"


class OverlapOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=ProposalState.choices)
    keys = serializers.ListField(child=serializers.CharField(), help_text="That both change.")

    class Meta:
        ref_name = "MutationOverlap"


class ApprovalOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="Wait for it at /api/v1/approvals/{id}/wait.")
    state = serializers.ChoiceField(choices=State.choices)
    outcome = serializers.ChoiceField(
        choices=Outcome.choices, allow_null=True, help_text="Null as long as it is not certain."
    )
    view_digest = serializers.CharField(help_text="What a vote on it is bound to.")

    class Meta:
        ref_name = "MutationApproval"


class RevisionOutput(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    authors = serializers.ListField(child=serializers.UUIDField())
    approvers = serializers.ListField(child=serializers.UUIDField())

    class Meta:
        ref_name = "MutationRevision"


class MutationOutput(serializers.ModelSerializer[Proposal]):
    follows = serializers.UUIDField(
        source="follows_id", allow_null=True, help_text="The one that it takes up again."
    )
    part_of = serializers.UUIDField(
        source="part_of_id", allow_null=True, help_text="The one of which this was not accepted."
    )
    reverts = serializers.UUIDField(
        source="reverts_id", allow_null=True, help_text="The one that it undoes."
    )

    class Meta:
        model = Proposal
        fields: tuple[str, ...] = (
            *("id", "title", "state", "because", "effect", "risk_level", "risk_score", "impact"),
            *("content_digest", "proposer_id", "proposer_kind", "follows", "part_of"),
            *("reverts", "created_at", "moved_at"),
        )
        ref_name = "Mutation"


class WholeMutationOutput(MutationOutput):
    id = serializers.UUIDField(allow_null=True, help_text="Null: it was a dry run.")
    rationale = serializers.CharField(allow_blank=True)
    digest = serializers.CharField(
        help_text="What a vote on it is bound to; where nobody is asked, of its content."
    )
    verdict = VerdictOutput(allow_null=True, help_text="Null: nobody judged it yet.")
    operations = OperationOutput(many=True)
    findings = FindingOutput(many=True, help_text="Of the checks.")
    conflicts = ConflictOutput(
        many=True, help_text="What was changed otherwise meanwhile: three views of it."
    )
    overlaps = OverlapOutput(many=True, help_text="Other open proposals that touch the same.")
    approval = ApprovalOutput(allow_null=True, help_text="What it waits for.")
    revision = RevisionOutput(allow_null=True, help_text="What it was applied as.")

    class Meta(MutationOutput.Meta):
        fields = (
            *MutationOutput.Meta.fields,
            *("rationale", "digest", "verdict", "operations", "findings", "conflicts"),
            *("overlaps", "approval", "revision"),
        )
        ref_name = "WholeMutation"


def whole(
    proposal: Proposal,
    *,
    verdict: Verdict | None,
    approval: Approval | None,
    overlaps: Sequence[Overlap],
) -> dict[str, Any]:
    revision = getattr(proposal, "revision", None) if proposal.state in REVISED else None
    return {
        **_output().to_representation(proposal),
        "rationale": proposal.rationale,
        "digest": approval.view_digest if approval else proposal.content_digest,
        "verdict": _verdict(proposal, verdict),
        "operations": [_operation(*each) for each in enumerate(read(proposal.operations))],
        "findings": [*proposal.findings, *proposal.advice],
        "conflicts": proposal.conflicts,
        "overlaps": [
            {
                "id": str(each.proposal),
                "title": each.title,
                "state": each.state,
                "keys": list(each.keys),
            }
            for each in overlaps
        ],
        "approval": approval.as_json() if approval else None,
        "revision": RevisionOutput(revision).data if revision else None,
    }


@cache
def _output() -> MutationOutput:
    """To find out its fields takes as long as all else here."""
    return MutationOutput()


def _verdict(proposal: Proposal, verdict: Verdict | None) -> dict[str, Any] | None:
    """What the row knows of it, and of its words as much as can still be read."""
    if not proposal.effect:
        return None
    denials = verdict.denials if verdict else ()
    return {
        "effect": proposal.effect,
        "risk": {"score": proposal.risk_score, "level": proposal.risk_level},
        "reasons": sorted({denial.reason.value for denial in denials}),
        "denials": [
            {
                "reason": denial.reason.value,
                "message": denial.message,
                "field": denial.field,
                "rule": denial.rule,
            }
            for denial in denials
        ],
        "stages": [stage.name for stage in verdict.stages] if verdict else [],
    }


def _operation(number: int, operation: Operation) -> dict[str, Any]:
    link = operation.link
    return {
        "number": number,
        "op": operation.op,
        "target": operation.key,
        "node": str(operation.node),
        "kind": operation.kind,
        "base": operation.base,
        "before": operation.before,
        "after": operation.after,
        "patch": "".join(f"{line}\n" for hunk in operation.hunks for line in written_hunk(hunk)),
        "link": link and {"kind": link.kind, "to": operation.target_key, "to_id": str(link.target)},
    }
