"""What Rego can be heard to say. Only one of these is a yes."""

from django.db import models


class Answer(models.TextChoices):
    TRUE = "true", "It allows it."
    FALSE = "false", "It does not allow it."
    UNDEFINED = "undefined", "It says nothing about it."
    NOT_BOOLEAN = "not boolean", "Its answer is neither true nor false."
    UNREADABLE = "unreadable", "Its answer could not be read."
    REFUSED = "refused", "It answered with another status than 200."
    FAILED = "failed", "It could not be evaluated."
    SLOW = "slow", "It did not answer in time."
    AWAY = "away", "It could not be reached."
    UNSET = "unset", "It is switched on, and not exactly one of its places is set."
