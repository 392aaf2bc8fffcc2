"""What holds at one time does not contradict itself, along the links that say what belongs
together.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from uuid import UUID

from apps.specs.changes.values import Excerpt, LinkState, NodeState
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import check
from apps.specs.choices import LinkKind, NodeKind, Severity, Status
from apps.specs.language.contradicting import Contradiction, Said, contradictions, said_in
from apps.specs.language.prose import place_of

_COMPARED = frozenset({LinkKind.CONFLICTS_WITH, LinkKind.RELATES_TO, LinkKind.REFINES})
_NOT_DEMANDING = frozenset({NodeKind.SPEC, NodeKind.SECTION, NodeKind.TASK, NodeKind.TEST})
MOST = 500
"""Pairs of texts that are compared for one proposal."""

Read = Callable[[str], Sequence[Said]]


@check("contradictions", title="What is linked does not contradict itself")
def nothing_contradicts(checked: Checked) -> Iterator[Finding]:
    moved = {node.id for _, node in checked.changed}
    compared = 0
    read = cache(said_in)
    for link in sorted(checked.after.links):
        if link not in checked.linked and not moved & {link.source, link.target}:
            continue
        pair = _both_hold(link, checked.after)
        if pair and link.kind == LinkKind.CONFLICTS_WITH:
            yield from _conflicting(link, pair, checked)
        if pair and link.kind in _COMPARED and not {pair[0].kind, pair[1].kind} & _NOT_DEMANDING:
            compared += 1
            if compared <= MOST:
                yield from _contradicting(link, pair, moved, checked, read)
    if compared > MOST:
        message = f"Of {compared:,} linked pairs, {MOST} were compared."
        yield Finding(check="contradictions", severity=Severity.ADVICE, message=message)


def _both_hold(link: LinkState, excerpt: Excerpt) -> tuple[NodeState, NodeState] | None:
    source, target = excerpt.nodes.get(link.source), excerpt.nodes.get(link.target)
    if source is None or target is None or not (source.is_live and target.is_live):
        return None
    if source.status != Status.ACTIVE or target.status != Status.ACTIVE:
        return None
    return source, target


def _conflicting(
    link: LinkState, pair: tuple[NodeState, NodeState], checked: Checked
) -> Iterator[Finding]:
    """To say that two conflict is how a conflict comes to be settled, so that is a warning. To
    bring into force what is known to conflict is not."""
    if _stood(link, checked):
        return
    rising = [node for node in pair if _is_brought_into_force(node.id, checked)]
    about = rising[0] if rising else pair[0]
    against = pair[1] if about is pair[0] else pair[0]
    yield Finding(
        check="contradictions",
        severity=Severity.ERROR if rising else Severity.WARNING,
        rule="conflict",
        message=f"{about.key} conflicts with {against.key}, and both would be in force.",
        operation=checked.operation_at(about.id, "status")
        if rising
        else checked.operation_of(link),
        key=about.key,
        field="status" if rising else "links",
        fix=f"Retire one of them in the same proposal: "
        f'{{"op": "update", "target": "{against.key}", "changes": {{"status": "retired"}}}}',
    )


def _is_brought_into_force(node: UUID, checked: Checked) -> bool:
    was = checked.before.nodes.get(node)
    return was is not None and (not was.is_live or was.status != Status.ACTIVE)


def _contradicting(
    link: LinkState,
    pair: tuple[NodeState, NodeState],
    moved: set[UUID],
    checked: Checked,
    read: Read,
) -> Iterator[Finding]:
    one, other = pair if pair[0].id in moved or pair[1].id not in moved else pair[::-1]
    before = checked.before.nodes if _stood(link, checked) else {}
    stood = {
        (found.rule, found.one.text, found.other.text)
        for found in _found(before.get(one.id), before.get(other.id), read)
    }
    for found in _found(one, other, read):
        line, column = place_of(_text(one), found.one.start)
        quoted = " ".join(found.other.text.split())[:200]
        yield Finding(
            check="contradictions",
            severity=Severity.ADVICE
            if (found.rule, found.one.text, found.other.text) in stood
            else Severity.WARNING,
            rule=found.rule,
            message=f"It contradicts {other.key}: “{quoted}” {found.why}",
            operation=checked.operation_at(one.id, _field(one)),
            key=one.key,
            field=_field(one),
            line=line,
            column=column,
            fix=f"Make them agree, or retire {other.key} in the same proposal.",
        )


def _stood(link: LinkState, checked: Checked) -> bool:
    return link in checked.before.links and _both_hold(link, checked.before) is not None


def _found(one: NodeState | None, other: NodeState | None, read: Read) -> Iterator[Contradiction]:
    if one and other:
        yield from contradictions(read(_text(one)), read(_text(other)))


def _field(node: NodeState) -> str:
    return "body" if node.body.strip() else "title"


def _text(node: NodeState) -> str:
    return str(getattr(node, _field(node)))
