"""Who is told of which event: the event's type to the names of Celery tasks that take its id.

A system check resolves every name. Rooms do not call upwards; they say what happened, here it
is read who cares.
"""

_LOOK, _LOOK_EVERYWHERE = "approvals.look_soon", "approvals.look_soon_everywhere"

SUBSCRIPTIONS: dict[str, list[str]] = {
    "accounts.agent.disabled": [_LOOK_EVERYWHERE],
    "accounts.agent.enabled": [_LOOK_EVERYWHERE],
    "accounts.agent.owner_changed": [_LOOK_EVERYWHERE],
    "accounts.member.left": ["activity.dismiss_presences", _LOOK],
    "accounts.member.removed": ["activity.dismiss_presences", _LOOK],
    "accounts.member.role_changed": [_LOOK],
    "accounts.person.disabled": [_LOOK_EVERYWHERE],
    "accounts.person.enabled": [_LOOK_EVERYWHERE],
    "accounts.workspace.deleted": ["activity.forget_webhooks", "policies.forget_acts"],
    "accounts.workspace.transferred": [_LOOK],
    "policy.apply": [_LOOK],
    "policy.reload": [_LOOK],
}
