"""What speaks against keeping a folder."""

from apps.common.errors import Conflict, NotFound


class KeptAlready(Conflict):
    code = "kept_already"
    message = "Another process keeps this folder."


class AnotherFolder(Conflict):
    code = "another_folder"
    message = "Another folder is kept alike with this workspace."


class NoMirror(NotFound):
    code = "no_mirror"
    message = "No folder is kept alike with this workspace."
