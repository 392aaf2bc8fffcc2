"""The text of a file: read as nodes, and written anew only where a node has changed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from apps.mirror.holding import naming, says_the_same
from apps.specs.changes.naming import slug_of
from apps.specs.kinds import BUILT_IN
from apps.specs.paper.foreign import TOML
from apps.specs.paper.headings import KEY_LENGTH, Known
from apps.specs.paper.leaves import Leaf, Library, PaperFault
from apps.specs.paper.marks import MarkFault, read_front
from apps.specs.paper.outline import outline_of, spaced
from apps.specs.paper.reading import MayTake, Unreadable, read_document, texts_of
from apps.specs.paper.referring import references_in, with_links
from apps.specs.paper.writing import write_document

Ways = Mapping[str, str]
"""Keys of nodes by their keys in small letters, and by the paths of their files: what a text may
refer to."""
_ENDS = re.compile(r"(?<!\r)\r\n")
"""Whatever else has a carriage return keeps it."""


def read_page(
    text: str, *, path: str, key: str = "", known: Known, may_take: MayTake = lambda _: True
) -> tuple[Leaf, ...]:
    """`key`: of the node that it is already, which another tool's front matter does not rename.
    How its lines end is the file's alone. Raises Unreadable."""
    name = PurePosixPath(path).with_suffix("")
    if key:
        may_take = _called(key)
    return read_document(
        _with_plain_ends(text),
        path=path,
        key=key or made_key(path),
        title=name.name,
        known=known,
        may_take=may_take,
    )


def _with_plain_ends(text: str) -> str:
    return _ENDS.sub("\n", text) if "\r" in text else text


def _called(key: str) -> MayTake:
    return lambda leaf: leaf.key.casefold() == key.casefold()


def made_key(path: str) -> str:
    """Of a file that does not say what it is called."""
    parts = PurePosixPath(path).with_suffix("").parts
    return f"{BUILT_IN['spec']}.{slug_of(' '.join(parts))}"[:KEY_LENGTH]


def rewritten(
    text: str, had: Sequence[Leaf], wanted: Sequence[Leaf], *, known: Known, ways: Ways
) -> str:
    """`text`, which says what it `had`, as it says what is `wanted`: every node that is the same
    keeps its characters. Raises Unreadable."""
    said = [_without_implied(leaf, ways, had[0].place) for leaf in wanted]
    fresh = write_document(said[0], Library(leaves=tuple(said)).below(), known=known)
    opening, pieces = texts_of(text)
    new_opening, new_pieces = texts_of(_ending_as(text, fresh))
    stood = {leaf.key.casefold(): at for at, leaf in enumerate(had)}
    mixed = []
    for at, leaf in enumerate(wanted):
        before = stood.get(leaf.key.casefold())
        if before is None or not _same(had[before], leaf):
            mixed.append(new_pieces[at])
        elif (before == len(had) - 1) != (at == len(wanted) - 1):
            mixed.append(_ended(pieces[before], like=new_pieces[at]))
        else:
            mixed.append(pieces[before])
    attempts = [opening + "".join(mixed), opening + "".join(new_pieces)]
    if not _is_foreign(text):
        attempts += [new_opening + "".join(mixed), fresh]
    for attempt in attempts:
        if _reads_as(attempt, wanted, known, ways, had[0].place):
            return attempt
    raise Unreadable(
        PaperFault(
            "",
            "What has changed cannot be said in this file: front matter that is not ours, or a "
            "link in its text, says otherwise.",
        )
    )


def _ending_as(text: str, fresh: str) -> str:
    """With the ends of lines that the text has."""
    plain = _with_plain_ends(fresh)
    is_plain = 2 * text.count("\r\n") <= text.count("\n")
    return plain if is_plain else re.sub(r"(?<!\r)\n", "\r\n", plain)


def _is_foreign(text: str) -> bool:
    """Whether its front matter is that of another tool."""
    outline = outline_of(text)
    try:
        read_front(outline.front)
    except MarkFault:
        return True
    return outline.fence == TOML


def _without_implied(leaf: Leaf, ways: Ways, place: str) -> Leaf:
    """Without the links that its text says by itself."""
    bare = replace(leaf, links=(), place=place, refers=references_in(leaf.body))
    [implied], _ = with_links([bare], elsewhere=ways)
    return replace(leaf, links=tuple(link for link in leaf.links if link not in implied.links))


def _same(one: Leaf, other: Leaf) -> bool:
    return says_the_same(one, other, naming({}))


def _ended(piece: str, *, like: str) -> str:
    """With blank lines behind it as what stands there has."""
    return piece[: len(piece) - len(spaced(piece)[2])] + spaced(like)[2]


def _reads_as(text: str, wanted: Sequence[Leaf], known: Known, ways: Ways, place: str) -> bool:
    path = place.rpartition(":")[0]
    try:
        found, _ = with_links(
            read_page(text, path=path, key=wanted[0].key, known=known), elsewhere=ways
        )
    except Unreadable:
        return False
    if len(found) != len(wanted):
        return False
    called = {leaf.key: want.key for leaf, want in zip(found, wanted, strict=True) if leaf.is_made}
    return all(
        _same(replace(leaf, key=called.get(leaf.key, leaf.key), heading=want.heading), want)
        and called.get(leaf.parent or "", leaf.parent) == want.parent
        for leaf, want in zip(found, wanted, strict=True)
    )
