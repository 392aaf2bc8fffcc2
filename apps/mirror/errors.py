"""What speaks against keeping a folder."""

from apps.common.errors import Conflict, DomainError, NotFound


class KeptAlready(Conflict):
    code = "kept_already"
    message = "Another process keeps this folder."


class AnotherFolder(Conflict):
    code = "another_folder"
    message = "Another folder is kept alike with this workspace."


class NotNow(DomainError):
    """It says what denies it for a while."""

    code = "not_now"
    message = "It is denied for a while."


class NoMirror(NotFound):
    code = "no_mirror"
    message = "No folder is kept alike with this workspace."
