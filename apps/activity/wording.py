"""What happened to people, workspaces, credentials, webhooks and the record itself, as people say
it. Names are read for a whole page at once: two queries, however many events.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from apps.accounts.models import Workspace
from apps.accounts.selectors.names import names_of
from apps.activity.ports import EventRow, phrases
from apps.activity.rules import plain_sentence

SENTENCES = {
    "accounts.person.registered": "{person} joined Lattice",
    "accounts.person.changed": "{person}'s account was changed: {fields}",
    "accounts.person.disabled": "{person}'s account was disabled",
    "accounts.person.enabled": "{person}'s account was enabled again",
    "accounts.person.logged_in": "{person} logged in",
    "accounts.person.logged_out": "{person} logged out",
    "accounts.person.sessions_ended": "{person} ended sessions of theirs",
    "accounts.person.email_verified": "{person} verified an e-mail address",
    "accounts.person.email_changed": "{person} changed their e-mail address",
    "accounts.person.second_step_enabled": "{person} turned the second step on",
    "accounts.person.second_step_disabled": "{person} turned the second step off",
    "accounts.person.recovery_codes_made": "{person} made new recovery codes",
    "accounts.session.opened": "{person} logged in to the API",
    "accounts.session.refreshed": "{person}'s API login was refreshed",
    "accounts.session.closed": "{person} logged out of the API",
    "accounts.session.reuse_detected": (
        "A spent token of {person}'s came back: that login was ended, somebody may have stolen it"
    ),
    "accounts.workspace.created": "{actor} created {workspace}",
    "accounts.workspace.renamed": "{actor} renamed the workspace to {workspace}",
    "accounts.workspace.archived": "{actor} archived {workspace}",
    "accounts.workspace.unarchived": "{actor} opened {workspace} again",
    "accounts.workspace.exported": "{actor} exported {workspace}",
    "accounts.workspace.deleted": "{actor} deleted {workspace}",
    "accounts.workspace.transferred": "{from_owner} handed {workspace} over to {to_owner}",
    "accounts.member.added": "{member} joined {workspace} as {role}",
    "accounts.member.role_changed": "{actor} made {member} {after} of {workspace}",
    "accounts.member.removed": "{actor} removed {member} from {workspace}",
    "accounts.member.left": "{member} left {workspace}",
    "accounts.invitation.created": "{actor} invited {role} to {workspace}",
    "accounts.invitation.resent": "{actor} sent an invitation to {workspace} again",
    "accounts.invitation.sent": "An invitation to {workspace} was mailed",
    "accounts.invitation.revoked": "{actor} took an invitation to {workspace} back",
    "accounts.invitation.accepted": "{member} accepted an invitation to {workspace}, as {role}",
    "accounts.agent.created": "{actor} added the agent {agent} to {workspace}",
    "accounts.agent.renamed": "{actor} renamed an agent to {agent}",
    "accounts.agent.disabled": "{actor} disabled the agent {agent}",
    "accounts.agent.enabled": "{actor} enabled the agent {agent} again",
    "accounts.agent.owner_changed": "The agent {agent} now belongs to {after}, and its keys ended",
    "accounts.key.issued": "{actor} issued a key for {holder}",
    "accounts.key.rotated": "{actor} rotated a key of {holder}",
    "accounts.key.revoked": "{actor} revoked a key of {holder}",
    "accounts.ticket.issued": "{actor} asked for a socket ticket",
    "accounts.ticket.redeemed": "{actor} opened a socket with a ticket",
    "accounts.data_keys.made": "{workspace} got an encryption key, number {version}",
    "accounts.data_keys.rewrapped": "Encryption keys were wrapped anew: {count}",
    "accounts.second_steps.resealed": "Secrets of second steps were sealed anew: {count}",
    "activity.webhook.created": "{actor} added a webhook to {workspace}",
    "activity.webhook.changed": "{actor} changed a webhook of {workspace}: {fields}",
    "activity.webhook.secret_rotated": "{actor} rotated the secret of a webhook of {workspace}",
    "activity.webhook.disabled": "A webhook of {workspace} was disabled: {because}",
    "activity.webhook.deleted": "{actor} deleted a webhook of {workspace}",
    "activity.webhook.tested": "{actor} tested a webhook of {workspace}",
    "activity.webhook.replayed": "{actor} had a webhook of {workspace} told again",
    "policies.switch.pulled": "{actor} pulled the kill switch ({scope}): {reason}",
    "policies.switch.released": "{actor} released the kill switch ({scope}): {reason}",
    "ledger.epoch.begun": "A new epoch of the record began: {reason}",
    "ledger.deliveries.replayed": "{actor} had parked deliveries started again",
    "policy.apply": "{actor} released version {number} of {workspace}'s policy",
    "policy.reload": "{actor} loaded version {number} of {workspace}'s policy from {path}",
    "policies.reload.refused": "{path} does not hold a policy that {workspace} can follow",
    "policies.draft.created": "{actor} began a draft of {workspace}'s policy",
    "policies.draft.changed": "{actor} changed a draft of {workspace}'s policy",
    "policies.draft.discarded": "{actor} discarded a draft of {workspace}'s policy",
    "policies.act.denied": "The policy of {workspace} denied {actor} something: {reasons}",
    "policies.act.erased": "{actor} erased what an act in {workspace} had said",
    "policies.acts.forgotten": "{count} recorded acts of {workspace} were forgotten",
    "plan.created": "{actor} proposed a plan in {workspace}: {file}",
    "plans.plan.denied": "The policy of {workspace} denied a plan of {actor}'s: {reasons}",
    "plans.plan.released": "The plan {file} in {workspace} was approved, and can be exported",
    "plans.plan.refused": "The plan {file} in {workspace} was not approved: {outcome}",
    "plans.plan.reshaped": "{actor} changed the plan {file} under review in {workspace}",
    "plans.plan.exported": "{actor} exported the plan {file} from {workspace}",
    "mirror.file.conflicted": "A file and the specs of {workspace} say different things",
    "mirror.folder.doubted": "Most files of {workspace} are gone at once: nothing was deleted",
    "specs.proposal.submitted": "{actor} proposed a change of {keys} in {workspace}",
    "specs.proposal.advised": (
        "Specs in {workspace} that say what a proposal would say: {findings} were found"
    ),
    "specs.proposal.denied": "The policy of {workspace} denied a proposal: {reasons}",
    "specs.proposal.invalid": "The checks found errors in a proposal in {workspace}: {checks}",
    "specs.proposal.queued": "A proposal in {workspace} may be applied now",
    "specs.proposal.applied": "{keys} changed in {workspace}: revision {revision}",
    "specs.proposal.apply_failed": (
        "A proposal in {workspace} could not be applied any more: {because}"
    ),
    "specs.proposal.rebased": "A proposal in {workspace} stands on revision {onto} now, unchanged",
    "specs.proposal.stale": ("People are asked anew about a proposal in {workspace}: {because}"),
    "specs.proposal.conflicted": (
        "What a proposal in {workspace} changes has been changed otherwise: it fits no more"
    ),
    "specs.proposal.closed": "A proposal in {workspace} is {state}: {because}",
    "specs.proposal.reshaped": "{actor} changed a proposal under review in {workspace}",
    "specs.proposal.reverted": "What a proposal had changed in {workspace} was undone",
    "specs.suspects.cleared": "{actor} found {key} in {workspace} still right",
    "specs.kind.defined": "{actor} defined the kind {kind} in {workspace}",
    "specs.graph.imported": "{actor} imported specs into {workspace}: revision {revision}",
    "approvals.request.opened": "{actor} asked {workspace} for approval of a {subject_kind}",
    "approvals.vote.cast": "{actor} voted on a {subject_kind} in {workspace}: {decision}",
    "approvals.stage.passed": "A {subject_kind} in {workspace} passed the stage {stage}",
    "approvals.request.allowed": "A {subject_kind} in {workspace} was approved",
    "approvals.request.effective": "The approval of a {subject_kind} in {workspace} took effect",
    "approvals.request.consumed": "An approved {subject_kind} in {workspace} was carried out",
    "approvals.request.invalidated": (
        "The approval of a {subject_kind} in {workspace} does not hold any more: {because}"
    ),
    "approvals.request.denied": "A {subject_kind} in {workspace} was denied: {because}",
    "approvals.request.changes_requested": (
        "{actor} asked for changes of a {subject_kind} in {workspace}"
    ),
    "approvals.request.expired": (
        "The time to decide on a {subject_kind} in {workspace} ran out: nobody denied it"
    ),
    "approvals.request.cancelled": (
        "A {subject_kind} in {workspace} is not asked for any more: {because}"
    ),
    "approvals.request.superseded": "A newer {subject_kind} took the place of one in {workspace}",
    "approvals.request.reopened": "A {subject_kind} in {workspace} is open again: {because}",
    "approvals.request.reshaped": "{actor} changed a {subject_kind} under review in {workspace}",
    "approvals.request.requirements_changed": (
        "The policy of {workspace} asks for something else of a {subject_kind}: {stages}"
    ),
    "approvals.request.rescheduled": (
        "The policy of {workspace} gives a {subject_kind} other times: {stage}"
    ),
    "approvals.request.stuck": (
        "Too few people are left in {workspace} to decide on a {subject_kind}: {stage}"
    ),
    "approvals.request.claimed": "{actor} took on a {subject_kind} in {workspace}",
    "approvals.request.unclaimed": "A {subject_kind} in {workspace} is free to be taken on",
    "approvals.request.handed_over": "{actor} handed over a {subject_kind} in {workspace}",
    "approvals.request.escalated": "A {subject_kind} in {workspace} was escalated to {to}",
    "approvals.request.overdue": "A {subject_kind} in {workspace} is overdue: {stage}",
    "approvals.comment.added": "{actor} wrote about a {subject_kind} in {workspace}",
    "approvals.thread.resolved": (
        "{actor} resolved a thread about a {subject_kind} in {workspace}"
    ),
    "approvals.thread.reopened": (
        "{actor} opened a thread about a {subject_kind} in {workspace} again"
    ),
    "approvals.glass.broken": (
        "{actor} acted on a {subject_kind} in {workspace} before anybody decided"
    ),
    "approvals.review.owed": "A {subject_kind} in {workspace} was drawn for a later look",
    "approvals.review.overdue": (
        "Nobody has looked afterwards at a {subject_kind} in {workspace}: it is overdue"
    ),
    "approvals.review.done": "{actor} looked at a {subject_kind} in {workspace} afterwards",
    "approvals.absence.set": "{person} is away from {workspace}",
    "approvals.absence.ended": "{person} is back in {workspace}",
    "approvals.attention.changed": "{person} changed how they are asked: {fields}",
    "approvals.tour.seen": "{person} was shown around the console",
    "inference.budget.set": "{actor} set {workspace}'s monthly budget for models: {monthly}",
    "inference.budget.spent": (
        "{workspace} has spent its budget for models, {monthly} USD, for {month}"
    ),
    "obs.act": "{actor} acted: {action_type}",
    "obs.turn": "{actor} took a turn",
    "obs.plan": "{actor} made a plan",
}
_PEOPLE = {
    *("actor", "agent", "from_owner", "holder", "member", "person", "to_owner"),
    *("accounts.agent.owner_changed.after",),
}
_CODES = {"outcome", "subject_kind"}
_ROLES = {"role", "accounts.member.role_changed.after"}


def told(events: Sequence[EventRow]) -> list[str]:
    workspaces = {event.workspace_id for event in events}
    names = names_of(_people_of(events)) | dict(
        Workspace.objects.filter(id__in=workspaces).values_list("id", "name")
    )
    return [_sentence(event, names) for event in events]


def _people_of(events: Iterable[EventRow]) -> set[UUID]:
    found = set()
    for event in events:
        found.add(event.actor_id)
        for field, value in event.payload.items():
            if _is(_PEOPLE, event, field) and (known := _as_id(value)):
                found.add(known)
    return found


def _sentence(event: EventRow, names: dict[UUID, str]) -> str:
    template = SENTENCES.get(event.type)
    if template is None:
        return plain_sentence(event.type)
    text = template.format_map(_Words(event, names))
    return text[:1].upper() + text[1:]


class _Words(dict[str, str]):
    """What a sentence's gaps are filled with. An event of long ago may lack some of it."""

    def __init__(self, event: EventRow, names: dict[UUID, str]) -> None:
        super().__init__()
        self._event = event
        self._names = names

    def __missing__(self, gap: str) -> str:
        event = self._event
        if gap == "actor":
            return "Lattice" if event.actor_kind == "system" else self._person(event.actor_id)
        if gap == "workspace":
            return self._names.get(event.workspace_id, "a workspace")
        value = event.payload.get(gap)
        if _is(_PEOPLE, event, gap):
            return self._person(_as_id(value))
        if _is(_ROLES, event, gap):
            return _with_article(str(value or "member"))
        room = event.type.partition(".")[0]
        if said := phrases.get(f"{room}.{gap}", {}).get(str(value)):
            return said
        if _is(_CODES, event, gap):
            return str(value).replace("_", " ")
        if isinstance(value, list):
            return ", ".join(str(item).replace("_", " ") for item in value)
        return "unknown" if value is None else str(value)

    def _person(self, user_id: UUID | None) -> str:
        return self._names[user_id] if user_id else "somebody"


def _is(kind: set[str], event: EventRow, field: str) -> bool:
    return field in kind or f"{event.type}.{field}" in kind


def _as_id(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _with_article(role: str) -> str:
    return f"an {role}" if role[:1] in "aeiou" else f"a {role}"
