"""How the API introduces itself: the texts of the OpenAPI description."""

from typing import Any

from apps.common.version import VERSION

INTRODUCTION = """\
AI agents propose changes to the documents companies run on; policy and people decide; what is
approved is applied exactly once, and everything is recorded.

**Credentials.** `Authorization: Bearer <access token or API key>`, or `X-API-Key: <API key>`. Get
an access token from `POST /api/v1/auth/login`; API keys look like `lat_<id>_<secret>` and are shown
once. A call acts in the credential's own workspace unless `X-Workspace-Id` names another one you
belong to.

**Errors** have one shape, `{"error": {"code", "message", "details", "request_id"}}`. Rely on `code`
and the status; show `message`; quote `request_id` when you ask for help. What you may not see
answers 404, as if it were not there.

**Trying again.** After 429 and 503 wait for as many seconds as `Retry-After` says. Where
`Idempotency-Key` is named, send it: repeating the request within 24 hours repeats the answer, not
the effect. Any other POST, those that sign in apart, comes to the same when it is sent again.

**Versions.** What can be changed has an `ETag`. Send it back as `If-Match`: 412 says that somebody
was faster, 428 that you did not say which version you saw.

**Lists** come in pages: pass `next_cursor` as `cursor` until it is null.

**Tracing.** `X-Request-Id` (1 to 64 of `A-Z a-z 0-9 . _ -`) is taken from you or made, and comes
back with every answer; `traceparent` is understood.
"""

TAGS = {
    "auth": "Registering, logging in and out, and yourself.",
    "audit": "What happened in a workspace, numbered and hash-chained, and whether it still is as "
    "it was written.",
    "workspaces": "Where people and agents meet, from creation to deletion.",
    "members": "Who belongs to a workspace, and as what.",
    "invitations": "Asking people in by e-mail.",
    "agents": "Agents act for the person who owns them, and are never more than they are.",
    "keys": "API keys of yours and of your agents. A key is shown once.",
    "sockets": "Tickets that open one socket.",
    "activity": "What happened lately. Live events come over the socket and the streams.",
    "kill switch": "Stopping every effect, in a workspace or everywhere, and letting it go on.",
    "approvals": "What people are asked, how they decide, and what came of it.",
    "specs": "The graph as it is and as it was: what each node says, and what it is linked to.",
    "mirror": "The folder of files that is kept alike with the specs, and how each file stands.",
    "models": "What models were used for and cost, and what they may cost.",
    "mutations": "What is proposed to specs: judged, checked, decided on, applied once, undone.",
    "plans": "Change plans as patches: judged, cut into variants, exported as pull requests.",
    "webhooks": "Events sent to addresses outside, signed, logged and retried.",
    "policies": "What acts may do, as code: the policy that holds, its versions and drafts, and "
    "why an act was judged as it was.",
    "observer": "What agents do and say, judged, kept and told.",
    "health": "Is the server there, and can it work?",
    "documents": "The description you are reading.",
}


def settings(*, server: str) -> dict[str, Any]:
    return {
        "TITLE": "Lattice",
        "DESCRIPTION": INTRODUCTION,
        "VERSION": VERSION,
        "LICENSE": {"name": "MIT", "identifier": "MIT"},
        "OAS_VERSION": "3.1.1",
        "SERVERS": [{"url": server}],
        "TAGS": [{"name": name, "description": text} for name, text in TAGS.items()],
        "SCHEMA_PATH_PREFIX": r"/api/v1",
        "COMPONENT_SPLIT_REQUEST": True,
        "DISABLE_DOCSTRING_DESCRIPTIONS": True,
        "ENUM_NAME_OVERRIDES": {
            "MirroredFileStateEnum": "apps.mirror.choices.FileState",
            "RoleEnum": "apps.accounts.choices.Role",
            "RoleNameEnum": "apps.accounts.api.shapes.ROLE_NAMES",
            "ActorKindEnum": "apps.accounts.choices.ActorKind",
            "ActKindEnum": "apps.policies.choices.ActKind",
            "AfterReviewBecauseEnum": "apps.approvals.choices.ReviewBecause",
            "ApprovalBecauseEnum": "apps.approvals.choices.Because",
            "ApprovalStateEnum": "apps.approvals.choices.State",
            "ApprovalStageStateEnum": "apps.approvals.choices.StageState",
            "ApprovalDecisionEnum": "apps.approvals.choices.Decision",
            "VoteDecisionEnum": "apps.approvals.api.shapes.votes.CASTABLE",
            "ApprovalViaEnum": "apps.approvals.choices.Via",
            "ApprovalOutcomeEnum": "apps.approvals.choices.Outcome",
            "DraftStateEnum": "apps.policies.choices.DraftState",
            "MessageStateEnum": "apps.activity.choices.MessageState",
            "ReasonEnum": "apps.policies.choices.Reason",
            "RiskLevelEnum": "apps.policies.choices.RiskLevel",
            "VerdictEffectEnum": "apps.policies.choices.Effect",
            "MutationStateEnum": "apps.specs.choices.ProposalState",
            "SpecLinkKindEnum": "apps.specs.choices.LinkKind",
            "SpecStatusEnum": "apps.specs.choices.Status.values",
            "PlanStateEnum": "apps.plans.choices.PlanState",
            "PlanVariantEnum": "apps.plans.choices.VariantId",
            "RiskBudgetEnum": "apps.plans.choices.RiskBudget",
            "WorkspaceKindEnum": "apps.accounts.choices.WorkspaceKind",
        },
        "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "apps.activity.api.documents.describe_streams",
            "apps.common.api.openapi.complete",
        ],
    }
