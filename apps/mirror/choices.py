"""The vocabulary of folders that are kept alike with a workspace."""

from django.db import models


class FileState(models.TextChoices):
    """How a file stands to the workspace."""

    AGREED = "agreed"
    """Both say the same."""
    WAITS = "waits"
    """What differs waits for people: as a proposal, or as a patch of the file."""
    CONFLICTS = "conflicts"
    """Both have changed the same. The file stays as its author has it."""
    REFUSED = "refused"
    """What the file says was not taken: by people, the policy or a check."""
    UNREADABLE = "unreadable"
    ELSEWHERE = "elsewhere"
    """What it says stands already in another file, which keeps it."""

    @property
    def may_be_taken(self) -> bool:
        """Whether what the file says would be, if nobody objects."""
        return self not in (FileState.UNREADABLE, FileState.ELSEWHERE)


class Inwards(models.TextChoices):
    """What becomes of an edit on the disk."""

    POLICY = "policy"
    """It is proposed, and the policy says whether people are asked."""
    PROPOSE = "propose"
    """People are asked, also where the policy would let it pass."""
    OFF = "off"


class Outwards(models.TextChoices):
    """What becomes of a change of the workspace."""

    WRITE = "write"
    """It is written into its file."""
    PROPOSE = "propose"
    """It is written beside it, as a patch that somebody accepts."""
    OFF = "off"
