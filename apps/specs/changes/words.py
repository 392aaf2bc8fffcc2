"""What a proposal does, in words ("rewords REQ-12 and drops its link to TEST-4") and as a diff."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from apps.common.diffs.hunks import hunks_between
from apps.common.diffs.unified import written_hunk
from apps.specs.changes.fields import ATTRIBUTE
from apps.specs.changes.values import Operation
from apps.specs.choices import Op

MOST = 3
"""Phrases of a sentence, and keys of a phrase. What is beyond is counted."""

_DOES = {
    Op.CREATE: "adds {it}",
    Op.EDIT: "rewords {it}",
    Op.MOVE: "moves {it}",
    Op.DELETE: "deletes {it}",
    Op.RESTORE: "restores {it}",
}
_CHANGES = {
    "title": "retitles {it}",
    "owner": "gives {it} another owner",
    "labels": "changes the labels of {it}",
    "heading": "changes the heading of {it}",
}


def sentence_of(operations: Sequence[Operation]) -> str:
    """It goes on from a name: "Checkout agent rewords REQ-12"."""
    said = [(verb, each.key) for each in operations for verb in _verbs(each)]
    groups = [
        (verb, list(dict.fromkeys(key for _, key in some)))
        for verb, some in groupby(said, key=lambda each: each[0])
    ]
    phrases: list[str] = []
    last: list[str] = []
    for verb, keys in groups[:MOST]:
        again = len(keys) == 1 and keys == last
        shown = _listed(keys[:MOST], len(keys) - MOST, "more")
        phrases.append(
            verb.format(it="it" if again else shown, its="its" if again else f"{shown}'s")
        )
        last = keys
    left = len(groups) - MOST
    return _listed(phrases, left, "more change" if left == 1 else "more changes")


def diff_of(operation: Operation) -> str:
    """Of the body: what changes in it, comes with the node or goes with it, as a unified diff."""
    hunks = operation.hunks
    if operation.op in (Op.CREATE, Op.DELETE, Op.RESTORE):
        hunks = hunks_between(operation.before.get("body", ""), operation.after.get("body", ""))
    return "".join(f"{line}\n" for hunk in hunks for line in written_hunk(hunk))


def _verbs(operation: Operation) -> Iterator[str]:
    match operation.op:
        case Op.LINK:
            yield f"links {{it}} to {operation.target_key}"
        case Op.UNLINK:
            yield f"drops {{its}} link to {operation.target_key}"
        case Op.UPDATE | Op.SET | Op.RENAME:
            for field, value in operation.after.items():
                yield _changing(field, value)
        case _:
            yield _DOES[operation.op]


def _changing(field: str, value: str) -> str:
    match field:
        case "key":
            return f"renames {{it}} to {value}"
        case "status":
            return f"makes {{it}} {value}"
        case "kind":
            return f"makes {{it}} a {value}"
    if field.startswith(ATTRIBUTE):
        return f"changes {field.removeprefix(ATTRIBUTE)} of {{it}}"
    return _CHANGES[field]


def _listed(names: Sequence[str], left: int, more: str) -> str:
    every = [*names, f"{left} {more}"] if left > 0 else list(names)
    return " and ".join(filter(None, [", ".join(every[:-1]), every[-1]]))
