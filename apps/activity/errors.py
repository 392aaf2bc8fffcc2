"""What can go wrong with those who watch."""

from apps.common.errors import Conflict, Invalid, NotFound, TooMany, Unauthenticated


class NoHello(Unauthenticated):
    code = "no_hello"
    message = "Say hello first, with a token, an API key or a ticket."


class AlreadyKnown(Conflict):
    code = "already_known"
    message = "This socket has said hello already: open another one."


class UnknownCommand(Invalid):
    code = "unknown_command"
    message = "There is no such command."


class InvalidCommand(Invalid):
    code = "invalid_command"
    message = "The command lacks something or says it wrongly."


class UnknownTopic(NotFound):
    code = "unknown_topic"
    message = "There is no such topic, or you may not see it."


class TooManyTopics(TooMany):
    code = "too_many_topics"
    message = "This socket watches as much as one may: open another one, or unsubscribe."


class TooManySockets(TooMany):
    code = "too_many_sockets"
    message = "You have as many sockets and streams open as one may."


class TooManyWaits(TooMany):
    code = "too_many_waits"
    message = "So many calls of yours wait already that no other one may: let some of them end."


class InvalidWebhook(Invalid):
    code = "invalid_webhook"
    message = "A webhook cannot be sent like this."


class TooManyWebhooks(Conflict):
    code = "too_many_webhooks"
    message = "The workspace has as many webhooks as it may: delete one first."


class WebhookDisabled(Conflict):
    code = "webhook_disabled"
    message = "This webhook is disabled: enable it first."


class PresenceTaken(Conflict):
    code = "presence_taken"
    message = "This client_id is somebody else's: join without one, and you are given one."


class PresenceUnknown(NotFound):
    code = "presence_unknown"
    message = "You are not here under this client_id: you have left, or it has expired."


class TooManyPresences(TooMany):
    code = "too_many_presences"
    message = "You are here as often as one may: leave somewhere first."
