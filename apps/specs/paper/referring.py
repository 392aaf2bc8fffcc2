"""What files say of each other: links in their text, and names, numbers and paths in the front
matter of other tools. They become links of the graph where they lead to something.
"""

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

from apps.specs.changes.naming import slug_of
from apps.specs.choices import MUTUAL, LinkKind
from apps.specs.paper.leaves import Leaf, Reference

MOST_REFERENCES = 200
"""Of one node."""

_TEXT = MarkdownIt("commonmark")
_NUMBER = re.compile(r"[0-9]+")


def references_in(body: str) -> tuple[Reference, ...]:
    """Its links to other files of Markdown."""
    if ".md" not in body and ".markdown" not in body:
        return ()
    found: dict[str, None] = {}
    for block in _TEXT.parse(body):
        for token in block.children or ():
            href = str(token.attrGet("href") or "") if token.type == "link_open" else ""
            if _leads_to_a_file(href):
                found[unquote(href)] = None
    return tuple(Reference(LinkKind.RELATES_TO, said) for said in [*found][:MOST_REFERENCES])


def _leads_to_a_file(href: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    is_relative = not (parts.scheme or parts.netloc or parts.path.startswith("/"))
    return is_relative and parts.path.endswith((".md", ".markdown"))


@dataclass(frozen=True)
class Nowhere:
    """A reference that leads to nothing."""

    leaf: Leaf
    reference: Reference

    @property
    def said(self) -> str:
        return (
            f"{self.leaf.key} {self.reference.kind} {self.reference.said[:200]}, which is no file "
            "or key here: no link is made."
        )


def with_links(
    leaves: Sequence[Leaf], *, elsewhere: Mapping[str, str]
) -> tuple[tuple[Leaf, ...], tuple[Nowhere, ...]]:
    """`elsewhere`: the keys there are beyond these leaves, in small letters, as they are written;
    and the keys of documents by the paths of their files."""
    if not any(leaf.refers for leaf in leaves):
        return tuple(leaves), ()
    ways = _Ways(leaves, elsewhere)
    said = {_pair(leaf.key, kind, to) for leaf in leaves for kind, to in leaf.links}
    found: list[Leaf] = []
    nowhere: list[Nowhere] = []
    for leaf in leaves:
        links = list(leaf.links)
        for reference in leaf.refers:
            target = ways.to(leaf, reference.said)
            if target is None:
                nowhere.append(Nowhere(leaf, reference))
            elif target != leaf.key and _pair(leaf.key, reference.kind, target) not in said:
                said.add(_pair(leaf.key, reference.kind, target))
                links.append((str(reference.kind), target))
        found.append(replace(leaf, links=tuple(sorted(links))))
    return tuple(found), tuple(nowhere)


def _pair(key: str, kind: str, target: str) -> tuple[str, str, str]:
    """The same for both directions, where one says both."""
    if kind in MUTUAL and target < key:
        key, target = target, key
    return kind, key, target


class _Ways:
    def __init__(self, leaves: Sequence[Leaf], elsewhere: Mapping[str, str]) -> None:
        self._keys = dict(elsewhere)
        self._anchors: dict[tuple[str, str], str] = {}
        self._numbers: dict[str, set[str]] = defaultdict(set)
        for path, key in elsewhere.items():
            self._number(path, key)
        for leaf in leaves:
            self._keys[leaf.key.casefold()] = leaf.key
            if leaf.parent is None:
                self._keys[leaf.path] = leaf.key
                self._number(leaf.path, leaf.key)
            for anchor in (leaf.key.rpartition(".")[2], slug_of(leaf.title)):
                self._anchors.setdefault((leaf.path, anchor.casefold()), leaf.key)

    def _number(self, path: str, key: str) -> None:
        if path.endswith((".md", ".markdown")):
            for number in _NUMBER.findall(posixpath.basename(path))[:1]:
                self._numbers[number.lstrip("0")].add(key)

    def to(self, leaf: Leaf, said: str) -> str | None:
        """The key of what is meant by it in that leaf's file."""
        for name in self._spelled(leaf, said):
            if name in self._keys:
                return self._keys[name]
        path, _, anchor = said.partition("#")
        if anchor:
            file = posixpath.normpath(posixpath.join(posixpath.dirname(leaf.path), path))
            return self._anchors.get((file, anchor.casefold())) or self._keys.get(file)
        numbered = self._numbers.get(said.lstrip("0"), set()) if said.isdigit() else set()
        return next(iter(numbered)) if len(numbered) == 1 else None

    @staticmethod
    def _spelled(leaf: Leaf, said: str) -> Iterator[str]:
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(leaf.path), said))
        yield said.casefold()
        yield beside
        yield f"{beside}.md"
