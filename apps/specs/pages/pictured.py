"""/admin/specs/…/graph/: documents and kinds with the links between them, or what is around one
spec; as a picture, and beside it as a table that says the same.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from apps.specs.changes.values import LinkState
from apps.specs.pages import reading
from apps.specs.pages.narrowing import NarrowedPage
from apps.specs.pages.pictures import (
    Drawn,
    Group,
    Picture,
    groups_of,
    in_order,
    neighbourhood,
    overview,
)
from apps.specs.wording import INWARDS, OUTWARDS

MOST, MOST_AROUND = 1_000, 200
"""Specs in a picture."""
MOST_LINES = 5_000
"""Links in one, and those that are followed from one spec to the next."""
FEW = 60
"""Of so many, all groups are open, unless the address says which."""
DEPTHS = (1, 2, 3)
ALL = "*"


class GraphPage(NarrowedPage):
    template_name = "specs/graph.html"
    title = "Graph"
    place = "specs_graph"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        key = self.request.GET.get("around")
        shown = self._around(key) if key else self._whole()
        return super().get_context_data(**shown, **kwargs)

    def _whole(self) -> dict[str, Any]:
        found = self.narrowed()
        count = found.count()
        nodes = self._drawn(found.order_by("kind", "key")[:MOST])
        links = self._links({node.id for node in nodes})
        groups = groups_of(nodes)
        opened = self._opened(groups, count)

        def turned(name: str) -> str:
            return self.address(open=",".join(sorted({*opened} ^ {name})))

        picture = overview(groups, links, opened=opened, page_of=self._page_of, turned=turned)
        return {
            **self._shown(picture, in_order(nodes), links),
            "left_out": count - len(nodes),
            "most": MOST,
            "whole_url": self.url("specs_graph"),
            **(self.choices() if self.asked or count > len(nodes) else {}),
            "all_url": self.address(open=ALL),
            "none_url": self.address(open=""),
        }

    def _around(self, key: str) -> dict[str, Any]:
        centre = self.named(key)
        asked = self.request.GET.get("depth", "")
        depth = int(asked) if asked in map(str, DEPTHS) else DEPTHS[0]
        near, left_out = self._near(centre.id, depth)
        nodes = self._drawn(self.rows.filter(of__in=near))
        links = self._links({node.id for node in nodes})
        picture = neighbourhood(nodes, links, page_of=self._page_of, centre=centre.id)
        return {
            **self._shown(picture, nodes, links),
            "around": {"key": centre.key, "title": centre.title, "url": self._page_of(centre.key)},
            "depths": [(one, self.address(depth=one), one == depth) for one in DEPTHS],
            "whole_url": self.url("specs_graph"),
            "left_out": left_out,
        }

    def _near(self, centre: UUID, depth: int) -> tuple[set[UUID], int]:
        """Ids of so many as a picture takes, and how many more there were that near."""
        links = reading.links_at(self.workspace.id, self.moment.number)
        near, edge = {centre}, {centre}
        for _ in range(depth):
            ends = reading.linked(links, edge, both=False, most=MOST_LINES)
            edge = {end for link in ends for end in (link.source, link.target)} - near
            room = MOST_AROUND - len(near)
            if len(edge) > room:
                return near | set(sorted(edge)[:room]), len(edge) - room
            near |= edge
        return near, 0

    def _opened(self, groups: Sequence[Group], count: int) -> set[str]:
        names = {group.name for group in groups}
        asked = self.request.GET.get("open", ALL if count <= FEW else "")
        return names if asked == ALL else names & set(asked.split(","))

    def _shown(
        self, picture: Picture, nodes: Sequence[Drawn], links: Collection[LinkState]
    ) -> dict[str, Any]:
        return {
            "picture": picture,
            "links": len(links),
            "lines_cut": len(links) == MOST_LINES,
            "rows": [
                {
                    "node": node,
                    "url": self._page_of(node.key),
                    "ways": [self._told(way) for way in ways],
                }
                for node, *ways in _both_ways(nodes, links)
            ],
        }

    def _told(self, way: Mapping[str, Sequence[str]]) -> list[tuple[str, list[tuple[str, str]]]]:
        return [(how, [(key, self._page_of(key)) for key in keys]) for how, keys in way.items()]

    def _drawn(self, rows: Any) -> list[Drawn]:
        now = self.moment.number is None
        return reading.drawn(rows, reading.suspect_ids(self.workspace.id) if now else ())

    def _links(self, ids: Collection[UUID]) -> set[LinkState]:
        links = reading.links_at(self.workspace.id, self.moment.number)
        return reading.linked(links, ids, both=True, most=MOST_LINES)

    def _page_of(self, key: str) -> str:
        return self.url("specs_node", key)


def _both_ways(
    nodes: Sequence[Drawn], links: Collection[LinkState]
) -> Iterator[tuple[Drawn, dict[str, list[str]], dict[str, list[str]]]]:
    """Each with what it is linked to, and what is linked to it: by how that reads, the keys."""
    keys = {node.id: node.key for node in nodes}
    out: dict[UUID, dict[str, list[str]]] = {node.id: {} for node in nodes}
    into: dict[UUID, dict[str, list[str]]] = {node.id: {} for node in nodes}
    for link in sorted(links, key=lambda one: (one.kind, keys[one.source], keys[one.target])):
        out[link.source].setdefault(OUTWARDS[link.kind], []).append(keys[link.target])
        into[link.target].setdefault(INWARDS[link.kind], []).append(keys[link.source])
    for node in nodes:
        yield node, out[node.id], into[node.id]
