"""Pages of docs/, done to the letter by tests."""

import re

from config.env import ROOT


def shell_blocks(page: str) -> list[str]:
    """What a reader is told to type, in the order of the page."""
    text = (ROOT / "docs" / page).read_text()
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
