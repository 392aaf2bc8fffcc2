"""What holds at one time does not contradict itself, along the links that say what belongs
together.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from uuid import UUID

from apps.specs.changes.values import Excerpt, LinkState, NodeState, in_order
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import check
from apps.specs.choices import LinkKind, NodeKind, Severity, Status
from apps.specs.language.contradicting import Contradiction, contradictions, said_in
from apps.specs.language.prose import place_of

_COMPARED = frozenset({LinkKind.CONFLICTS_WITH, LinkKind.RELATES_TO, LinkKind.REFINES})
_NOT_DEMANDING = frozenset({NodeKind.SPEC, NodeKind.SECTION, NodeKind.TASK, NodeKind.TEST})
MOST = 500
"""Pairs of texts that are compared for one proposal."""

Pair = tuple[NodeState, NodeState]


@check("contradictions", title="What is linked does not contradict itself")
def nothing_contradicts(checked: Checked) -> Iterator[Finding]:
    moved = {node.id for _, node in checked.changed}
    compared: list[tuple[LinkState, Pair]] = []
    for link in in_order(_concerned(checked, moved)):
        pair = _both_hold(link, checked.after)
        if pair and link.kind == LinkKind.CONFLICTS_WITH:
            yield from _conflicting(link, pair, checked)
        if pair and not {pair[0].kind, pair[1].kind} & _NOT_DEMANDING:
            compared.append((link, pair))
    texts = _Texts(checked, [pair for _, pair in compared[:MOST]])
    for link, pair in compared[:MOST]:
        yield from _contradicting(link, pair, moved, checked, texts)
    if len(compared) > MOST:
        message = f"Of {len(compared):,} linked pairs, {MOST} were compared."
        yield Finding(check="contradictions", severity=Severity.ADVICE, message=message)


def _concerned(checked: Checked, moved: set[UUID]) -> Iterator[LinkState]:
    """Links that are new, or whose ends are not what they were."""
    for link in checked.after.links:
        if link.kind in _COMPARED and (
            link.source in moved or link.target in moved or link in checked.linked
        ):
            yield link


class _Texts:
    """What nodes say: in their body, or in their title where there is none."""

    def __init__(self, checked: Checked, pairs: Sequence[Pair]) -> None:
        brief = {node.id for pair in pairs for node in pair if node.is_brief}
        self._bodies = checked.reach.bodies(brief) if brief else {}
        self._read = cache(said_in)

    def field(self, node: NodeState) -> str:
        return "body" if self._body(node).strip() else "title"

    def text(self, node: NodeState) -> str:
        return self._body(node) if self.field(node) == "body" else node.title

    def contradictions(
        self, one: NodeState | None, other: NodeState | None
    ) -> Iterator[Contradiction]:
        if one and other:
            yield from contradictions(self._read(self.text(one)), self._read(self.text(other)))

    def _body(self, node: NodeState) -> str:
        return self._bodies.get(node.id, "") if node.is_brief else node.body


def _both_hold(link: LinkState, excerpt: Excerpt) -> Pair | None:
    source, target = excerpt.nodes.get(link.source), excerpt.nodes.get(link.target)
    if source is None or target is None or not (source.is_live and target.is_live):
        return None
    if source.status != Status.ACTIVE or target.status != Status.ACTIVE:
        return None
    return source, target


def _conflicting(link: LinkState, pair: Pair, checked: Checked) -> Iterator[Finding]:
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
    pair: Pair,
    moved: set[UUID],
    checked: Checked,
    texts: _Texts,
) -> Iterator[Finding]:
    one, other = pair if pair[0].id in moved or pair[1].id not in moved else pair[::-1]
    before = checked.before.nodes if _stood(link, checked) else {}
    stood = {
        (found.rule, found.one.text, found.other.text)
        for found in texts.contradictions(before.get(one.id), before.get(other.id))
    }
    for found in texts.contradictions(one, other):
        line, column = place_of(texts.text(one), found.one.start)
        quoted = " ".join(found.other.text.split())[:200]
        yield Finding(
            check="contradictions",
            severity=Severity.ADVICE
            if (found.rule, found.one.text, found.other.text) in stood
            else Severity.WARNING,
            rule=found.rule,
            message=f"It contradicts {other.key}: “{quoted}” {found.why}",
            operation=checked.operation_at(one.id, texts.field(one)),
            key=one.key,
            field=texts.field(one),
            line=line,
            column=column,
            fix=f"Make them agree, or retire {other.key} in the same proposal.",
        )


def _stood(link: LinkState, checked: Checked) -> bool:
    return link in checked.before.links and _both_hold(link, checked.before) is not None
