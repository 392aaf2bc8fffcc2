"""What is deleted leaves nothing behind that leads to it."""

from collections.abc import Iterator
from uuid import UUID

from apps.specs.changes.values import Excerpt, LinkState, in_order
from apps.specs.checks.findings import Checked, Finding
from apps.specs.checks.registry import check
from apps.specs.choices import Severity

NAME = "dangling"


@check(NAME, title="Nothing leads to what is deleted")
def nothing_dangles(checked: Checked) -> Iterator[Finding]:
    deleted = {node.id for node in checked.deleted}
    gone = deleted | _gone(checked.after)
    # Its own links end with a node, but for those that are made anew.
    kept = {
        link
        for link in checked.after.links
        if link.target in deleted and link.source not in deleted
    }
    for link in in_order(kept & checked.before.links):
        yield _dangling(link, checked)
    for link in in_order(checked.linked):
        if link.source in gone or link.target in gone:
            yield _dangling(link, checked)
    yield from _parts(checked, gone)


def _gone(excerpt: Excerpt) -> set[UUID]:
    return {node.id for node in excerpt.nodes.values() if not node.is_live}


def _dangling(link: LinkState, checked: Checked) -> Finding:
    source, target = checked.key_of(link.source), checked.key_of(link.target)
    sentence = f"{source} {link.kind.label.lower()} {target}"
    unlink = f'{{"op": "unlink", "target": "{source}", "kind": "{link.kind}", "to": "{target}"}}'
    if link in checked.linked:
        place, fix = checked.operation_of(link), "Leave this link out, or restore what it leads to."
        message = f"“{sentence}” cannot be: one of them is deleted."
    else:
        place = checked.operation_at(link.target)
        message = f"{target} is deleted, but {sentence}."
        fix = f"Take the link away in the same proposal: {unlink}"
    return Finding(
        check=NAME,
        severity=Severity.ERROR,
        rule="link",
        message=message,
        operation=place,
        key=target,
        field="links",
        fix=fix,
    )


def _parts(checked: Checked, gone: set[UUID]) -> Iterator[Finding]:
    deleted = {node.id for node in checked.deleted}
    orphans = {
        part: parent
        for parent in deleted
        for part in checked.before.parts.get(parent, ())
        if part not in checked.after.nodes
    }
    orphans |= {
        node.id: node.parent
        for node in checked.after.nodes.values()
        if node.is_live and node.parent is not None and node.parent in gone
    }
    for part, parent in sorted(orphans.items(), key=lambda one: checked.key_of(one[0])):
        was = checked.before.nodes.get(part)
        stood = parent not in deleted and was is not None and was.parent == parent
        key, whole = checked.key_of(part), checked.key_of(parent)
        yield Finding(
            check=NAME,
            severity=Severity.ADVICE if stood else Severity.ERROR,
            rule="part",
            message=f"{whole} is deleted, but {key} is a part of it.",
            operation=checked.operation_at(parent if parent in deleted else part, "parent"),
            key=whole if parent in deleted else key,
            field="parent",
            fix=f"Move {key} elsewhere or delete it too, in the same proposal: "
            f'{{"op": "move", "target": "{key}", "parent": null, "after": null}}',
        )
