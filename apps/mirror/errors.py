"""What speaks against keeping a folder."""

from apps.common.errors import Conflict


class KeptAlready(Conflict):
    code = "kept_already"
    message = "Another process keeps this folder."
