"""A test goes on verifying something."""

from collections.abc import Iterator

from apps.specs.changes.values import LinkState, in_order
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import check
from apps.specs.choices import LinkKind, NodeKind, Severity


@check("orphaned_tests", title="Every test still verifies something")
def tests_keep_verifying(checked: Checked) -> Iterator[Finding]:
    deleted = {node.id for node in checked.deleted}
    gone = (link for link in checked.before.links if _is_lost(link, checked))
    lost = {link.source: link for link in in_order(gone)}
    tests = {
        id_
        for id_ in lost
        if (node := checked.after.nodes.get(id_)) and node.is_live and node.kind == NodeKind.TEST
    }
    if not tests:
        return
    ended = {(one.source, one.target) for one in checked.unlinked if one.kind == LinkKind.VERIFIES}
    verifying = {
        (leg.source, leg.target) for leg in checked.reach.links(tests, LinkKind.VERIFIES)
    } - ended
    verifying |= {
        (one.source, one.target) for one in checked.after.links if one.kind == LinkKind.VERIFIES
    }
    left = {source for source, target in verifying if target not in deleted}
    for test in sorted(tests - left):
        key = checked.key_of(test)
        yield Finding(
            check="orphaned_tests",
            severity=Severity.WARNING,
            message=f"{key} would verify nothing any more.",
            operation=_place(lost[test], checked),
            key=key,
            field="links",
            fix=f"Link it to what it verifies now, or delete it too: "
            f'{{"op": "delete", "target": "{key}"}}',
        )


def _is_lost(link: LinkState, checked: Checked) -> bool:
    target = checked.after.nodes.get(link.target)
    gone = target is not None and not target.is_live
    return link.kind == LinkKind.VERIFIES and (gone or link not in checked.after.links)


def _place(link: LinkState, checked: Checked) -> int | None:
    target = checked.after.nodes.get(link.target)
    if target is not None and not target.is_live:
        return checked.operation_at(link.target)
    return checked.operation_of(link)
