"""Plans in the console: what was proposed, its variants and their patches, and what became of its
approval. What people wrote is shown as text and nothing else.
"""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from apps.accounts.errors import KeysErased, Undecipherable
from apps.accounts.models import User
from apps.approvals.choices import Because, State
from apps.approvals.selectors.requests import approval_about
from apps.common.admin import BrowseAdmin
from apps.common.diffs.comparing import read_patch
from apps.common.diffs.drawing import draw
from apps.plans.artifacts import Artifact
from apps.plans.choices import KIND
from apps.plans.models import Plan
from apps.plans.reviewing import shown, target_of
from apps.plans.selectors.plans import UNREADABLE, opened
from apps.policies.ports import Approval

MOST_LINES = 2_000


@admin.register(Plan)
class PlanAdmin(BrowseAdmin):
    when_empty = (
        "A plan says what an agent, or you, would change in which files. It does nothing until "
        "the policy lets it be, or people do. The first is sent to the API."
    )
    begins_with = "POST /api/v1/plans"
    list_display = ("name", "workspace", "progress", "risk", "operations", "created_at")
    list_filter = ("state", "risk_level")
    list_select_related = ("workspace",)
    search_fields = ("name", "workspace__name")
    search_help_text = "Name or workspace"
    ordering = ("-id",)
    fields = (
        *(
            "name",
            "workspace",
            "progress",
            "risk",
            "budget",
            "intent",
            "context",
            "approval",
            "stages",
        ),
        *("variants", "proposer", "policy_source", "artifact_digest", "created_at"),
        *("released_at", "exported_at"),
    )
    readonly_fields = (
        *("progress", "risk", "budget", "intent", "context", "approval", "stages", "variants"),
        "proposer",
        "artifact_digest",
    )

    class Media:
        css: ClassVar = {"all": ("lattice/desk.css", "lattice/diff.css")}

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("workspace")
        return rows.defer("sealed", "sealed_intent")

    @display(
        description="State",
        label={
            "ready": "success",
            "waiting": "warning",
            "released": "success",
            "refused": "danger",
        },
    )
    def progress(self, plan: Plan) -> str:
        return plan.state

    @display(
        description="Risk",
        ordering="risk_score",
        label={"low": "success", "medium": "info", "high": "warning", "critical": "danger"},
    )
    def risk(self, plan: Plan) -> str:
        return plan.risk_level

    @display(description="Risk budget")
    def budget(self, plan: Plan) -> str:
        return plan.risk_budget

    @display(description="Intent")
    def intent(self, plan: Plan) -> str:
        return _text(plan, "intent")

    @display(description="Context")
    def context(self, plan: Plan) -> str:
        return _text(plan, "context")

    @display(description="Approval")
    def approval(self, plan: Plan) -> str:
        request = _request(plan)
        if request is None:
            return "none was asked for"
        text = f"{State(request.state).label}. {Because(request.because).label}"
        page = reverse("admin:review_request", args=[request.id])
        return format_html(
            '{} <a class="text-link underline" href="{}">See the request</a>', text, page
        )

    @display(description="Stages")
    def stages(self, plan: Plan) -> str:
        artifact = _artifact(plan)
        stages = artifact.document["verdict"]["stages"] if artifact else []
        return ", ".join(stage["name"] for stage in stages) or "none is asked for"

    @display(description="Variants")
    def variants(self, plan: Plan) -> str:
        artifact = _artifact(plan)
        if artifact is None:
            return UNREADABLE
        variants = [
            {**variant, "drawn": list(_drawn(artifact.operations_of(variant["id"])))}
            for variant in artifact.variants
        ]
        return render_to_string("plans/variants.html", {"variants": variants})

    @display(description="Digest")
    def artifact_digest(self, plan: Plan) -> str:
        return render_to_string("plans/text.html", {"text": plan.digest})

    @display(description="Proposed by")
    def proposer(self, plan: Plan) -> str:
        found = User.objects.get_queryset().filter(id=plan.proposer_id).first()
        return str(found) if found else f"somebody ({plan.proposer_id})"


def _request(plan: Plan) -> Approval | None:
    """Asked for once for a page."""
    kept: dict[str, Approval | None] = plan.__dict__
    if "_request" not in kept:
        kept["_request"] = approval_about(kind=KIND, subject=plan.id)
    return kept["_request"]


def _artifact(plan: Plan) -> Artifact | None:
    """Opened once for a page. None: its keys were destroyed."""
    kept: dict[str, Artifact | None] = plan.__dict__
    if "_artifact" not in kept:
        try:
            kept["_artifact"] = opened(plan).artifact
        except (KeysErased, Undecipherable):
            kept["_artifact"] = None
    return kept["_artifact"]


def _text(plan: Plan, name: str) -> str:
    artifact = _artifact(plan)
    text = artifact.document[name] if artifact else UNREADABLE
    return render_to_string("plans/text.html", {"text": text})


def _drawn(operations: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    room = MOST_LINES
    for operation in operations:
        diff = read_patch(shown(operation["patch"]), most=room)
        room = diff.room
        target = target_of(operation)
        drawn = draw(diff, name=target) if diff.parts or diff.notes else ""
        yield {"verb": operation["action"], "target": target, "told": diff, "drawn": drawn}
