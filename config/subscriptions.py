"""Who is told of which event: the event's type to the names of Celery tasks that take its id; and
which of them want to hear only of requests about a subject of their own kind.

A system check resolves every name. Rooms do not call upwards; they say what happened, here it
is read who cares.
"""

_LOOK, _LOOK_EVERYWHERE = "approvals.look_soon", "approvals.look_soon_everywhere"
_DEAL = "approvals.deal_cards"
_LIKENESS = "specs.find_likeness"
_OVER = ["plans.refuse_plan", "specs.close_mutation", _DEAL]
"""A request has ended, and not by approval."""

SUBSCRIPTIONS: dict[str, list[str]] = {
    "accounts.agent.disabled": [_LOOK_EVERYWHERE],
    "accounts.agent.enabled": [_LOOK_EVERYWHERE],
    "accounts.agent.owner_changed": [_LOOK_EVERYWHERE],
    "accounts.member.left": ["activity.dismiss_presences", _LOOK],
    "accounts.member.removed": ["activity.dismiss_presences", _LOOK],
    "accounts.member.role_changed": [_LOOK],
    "accounts.person.changed": ["approvals.reckon_digest"],
    "accounts.person.disabled": [_LOOK_EVERYWHERE],
    "accounts.person.enabled": [_LOOK_EVERYWHERE],
    "accounts.workspace.deleted": ["activity.forget_webhooks", "policies.forget_acts"],
    "accounts.workspace.transferred": [_LOOK],
    "approvals.absence.ended": ["approvals.deal_cards_anew"],
    "approvals.absence.set": ["approvals.deal_cards_anew"],
    "approvals.request.cancelled": _OVER,
    "approvals.request.changes_requested": _OVER,
    "approvals.request.denied": _OVER,
    "approvals.request.effective": [
        "approvals.release_approved_policy",
        "plans.release_approved_plan",
        "specs.queue_approved_mutation",
        _DEAL,
    ],
    "approvals.request.escalated": [_DEAL],
    "approvals.request.expired": _OVER,
    "approvals.request.handed_over": [_DEAL],
    "approvals.request.invalidated": _OVER,
    "approvals.request.opened": [_DEAL],
    "approvals.request.reopened": [_DEAL],
    "approvals.request.requirements_changed": [_DEAL],
    "approvals.request.rescheduled": [_DEAL],
    "approvals.request.reshaped": [_DEAL],
    "approvals.request.superseded": _OVER,
    "approvals.stage.passed": [_DEAL],
    "policy.apply": [_LOOK],
    "policy.reload": [_LOOK],
    "specs.proposal.applied": ["specs.look_again", "specs.index_revision"],
    "specs.proposal.apply_failed": ["specs.look_again_at_parts"],
    "specs.proposal.closed": ["specs.look_again_at_parts"],
    "specs.proposal.conflicted": ["specs.look_again_at_parts"],
    "specs.proposal.denied": ["specs.look_again_at_parts"],
    "specs.proposal.queued": ["specs.apply_mutation"],
    "specs.proposal.reshaped": ["specs.look_again_at_parts", _LIKENESS],
    "specs.proposal.stale": [_LIKENESS],
    "specs.proposal.submitted": [_LIKENESS],
}

SUBSCRIBED_TO_KIND = {
    "approvals.release_approved_policy": "policy_change",
    "plans.refuse_plan": "plan",
    "plans.release_approved_plan": "plan",
    "specs.close_mutation": "mutation",
    "specs.queue_approved_mutation": "mutation",
}
