"""Who is told of which event: the event's type to the names of Celery tasks that take its id.

A system check resolves every name. Rooms do not call upwards; they say what happened, here it
is read who cares.
"""

SUBSCRIPTIONS: dict[str, list[str]] = {
    "accounts.member.left": ["activity.dismiss_presences"],
    "accounts.member.removed": ["activity.dismiss_presences"],
    "accounts.workspace.deleted": ["activity.forget_webhooks", "policies.forget_acts"],
}
