"""Where a stream stands, as the `id:` of its events and the Last-Event-ID of its return.

`<epoch>.<seq>` for one workspace. Counters belong to workspaces, so a stream of several adds where
it stands in each: `<epoch>.<seq>.<workspace>_<seq>-<workspace>_<seq>`, with the last eight digits
of their ids. To a client it is one opaque word.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

LONGEST = 8_000


def write_position(epoch: str, seq: int, seqs: Mapping[UUID, int]) -> str:
    if len(seqs) < 2:
        return f"{epoch}.{seq}"
    several = "-".join(f"{_short(workspace_id)}_{at}" for workspace_id, at in seqs.items())
    return f"{epoch}.{seq}.{several}"


def read_position(text: str, workspaces: Collection[UUID]) -> tuple[str, dict[UUID, int]] | None:
    """The epoch, and where it stood in those of these workspaces that it knows."""
    epoch, _, rest = text.partition(".")
    seq, _, several = rest.partition(".")
    if len(text) > LONGEST or not _is_number(seq):
        return None
    if not several:
        return (epoch, dict.fromkeys(workspaces, int(seq))) if len(workspaces) == 1 else None
    known = {}
    for pair in several.split("-"):
        short, _, at = pair.partition("_")
        if not _is_number(at):
            return None
        known[short] = int(at)
    return epoch, {w: known[_short(w)] for w in workspaces if _short(w) in known}


def _short(workspace_id: UUID) -> str:
    return workspace_id.hex[-8:]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
