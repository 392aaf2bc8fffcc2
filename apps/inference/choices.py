"""The vocabulary of asking models."""

from django.db import models


class Outcome(models.TextChoices):
    UNDER_WAY = "under_way"
    """Begun. Its cost is what it was expected to be."""
    DONE = "done"
    FAILED = "failed"
    """The model was away, or answered what cannot be used. What it had answered is counted."""
    LOST = "lost"
    """Nobody came back to say how it ended. Its cost stays what it was expected to be."""
