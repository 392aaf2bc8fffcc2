"""Who is told of which event: the event's type to the names of Celery tasks that take its id.

A system check resolves every name. Rooms do not call upwards; they say what happened, here it
is read who cares.
"""

_RECOUNT, _EVERYWHERE = "approvals.recount_open_requests", "approvals.recount_everywhere"

SUBSCRIPTIONS: dict[str, list[str]] = {
    "accounts.agent.disabled": [_EVERYWHERE],
    "accounts.agent.enabled": [_EVERYWHERE],
    "accounts.agent.owner_changed": [_EVERYWHERE],
    "accounts.member.left": ["activity.dismiss_presences", _RECOUNT],
    "accounts.member.removed": ["activity.dismiss_presences", _RECOUNT],
    "accounts.member.role_changed": [_RECOUNT],
    "accounts.person.disabled": [_EVERYWHERE],
    "accounts.person.enabled": [_EVERYWHERE],
    "accounts.workspace.deleted": ["activity.forget_webhooks", "policies.forget_acts"],
    "accounts.workspace.transferred": [_RECOUNT],
    "policy.apply": ["approvals.weigh_open_requests"],
    "policy.reload": ["approvals.weigh_open_requests"],
}
