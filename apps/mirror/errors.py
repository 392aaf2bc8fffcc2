"""What speaks against keeping a folder."""

from apps.common.errors import Conflict, NotFound


class KeptAlready(Conflict):
    code = "kept_already"
    message = "Another process keeps this folder."


class NoMirror(NotFound):
    code = "no_mirror"
    message = "No folder is kept alike with this workspace."
