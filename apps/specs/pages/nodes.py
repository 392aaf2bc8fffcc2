"""/admin/specs/…/REQ-12/: all that is said of one spec, what it is linked with, and how it came to
be so.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.accounts.selectors.names import Person, people_named
from apps.common.texts.hidden import spelled_out
from apps.specs.changes.values import LinkState
from apps.specs.choices import LinkKind
from apps.specs.models.graph import Link, Node, Revision, Version, held_at
from apps.specs.models.proposals import Proposal
from apps.specs.pages.page import SpecsPage
from apps.specs.selectors.blame import blame_of
from apps.specs.selectors.impact import impact_of
from apps.specs.selectors.nodes import links_at, links_of, revisions_numbered
from apps.specs.selectors.suspects import needed_to_clear, suspects_of
from apps.specs.services.relating import related_to
from apps.specs.wording import INWARDS, OUTWARDS

MOST_LINKS, MOST_SUSPECTS, MOST_PARTS, MOST_VERSIONS, MOST_REACHED = 100, 100, 300, 200, 500
MOST_RELATED = 6


class NodePage(SpecsPage):
    template_name = "specs/node.html"
    place = "specs_browse"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        node = self.named(kwargs["key"])
        versions = self._versions(node)
        state = Version.objects.filter(held_at(self.moment.number), node=node).first()
        shown = {
            "node": node,
            "here": node.key,
            "called": kwargs["key"] if kwargs["key"].lower() != node.key.lower() else "",
            "versions": versions,
            "proposals": self._proposals(node),
            "graph_url": self.url("specs_graph", around=node.key),
            "state": state,
            "versions_url": self.url("specs_versions", node.key),
            "text_url": self.address(body=None),
            "blame_url": self.address(body="blame"),
        }
        if state:
            shown |= self._said(state) | self._around(node, state)
            shown["blame"] = self._blame(node, state) if self._is_asked("body", "blame") else None
        if self.moment.number is None:
            shown |= self._impact(node) | self._suspects(node) | self._related(node)
        return super().get_context_data(**{**kwargs, **shown})

    def _said(self, state: Version) -> dict[str, Any]:
        people = people_named([state.owner_id])
        return {
            "heading": spelled_out(state.heading),
            "body": spelled_out(state.body),
            "labels": [spelled_out(label) for label in state.labels],
            "owner": people[state.owner_id].name if state.owner_id else "",
            "attributes": [
                (spelled_out(name), spelled_out(json.dumps(value, ensure_ascii=False)))
                for name, value in sorted(state.attributes.items())
            ],
        }

    def _around(self, node: Node, state: Version) -> dict[str, Any]:
        """What it is a part of, its parts and its links, as they were then."""
        found = [_state_of(row) for row in links_of(node, self.moment.number, most=MOST_LINKS)]
        ends = {end for link in found for end in (link.source, link.target)} - {node.id}
        wanted = {*ends, state.parent_id} - {None}
        named = {row.of: row for row in self.rows.filter(of__in=wanted)}
        told = [
            self._brief(named[other]) | {"how": how}
            for link in found
            for how, other in [_way(link, node.id)]
            if other in named
        ]
        parts = self.rows.filter(parent_id=node.id).order_by("rank", "key")
        return {
            "above": self._brief(named[state.parent_id]) if state.parent_id in named else None,
            "links": sorted(told, key=lambda one: (one["how"], one["key"])),
            "more_links": links_at(node, self.moment.number).count() - len(found)
            if len(found) == MOST_LINKS
            else 0,
            "linked_url": self.url("specs_browse", linked=node.key),
            "parts": [self._brief(part) for part in parts[:MOST_PARTS]],
        }

    def _brief(self, row: Any) -> dict[str, Any]:
        return {
            "key": row.key,
            "title": spelled_out(row.title),
            "kind": row.kind,
            "url": self.url("specs_node", row.key),
        }

    def _versions(self, node: Node) -> list[dict[str, Any]]:
        """The newest first, each with the proposal that brought it."""
        rows = list(
            node.versions.order_by("-number").values("number", "since", "is_live")[:MOST_VERSIONS]
        )
        revisions = revisions_numbered(self.workspace.id, (row["since"] for row in rows))
        people = self._people(revisions.values())
        return [row | self._why(revisions[row["since"]], people) for row in rows]

    def _people(self, revisions: Iterable[Revision]) -> dict[UUID, Person]:
        return people_named(one for each in revisions for one in (*each.authors, *each.approvers))

    def _why(self, revision: Revision, people: Mapping[UUID, Person]) -> dict[str, Any]:
        return {
            "at": revision.at,
            "why": spelled_out(revision.proposal.title),
            "url": reverse("admin:specs_proposal", args=[revision.proposal_id]),
            "who": ", ".join(people[one].name for one in revision.authors),
            "approvers": ", ".join(people[one].name for one in revision.approvers),
        }

    def _is_asked(self, name: str, value: str) -> bool:
        return self.request.GET.get(name) == value

    def _blame(self, node: Node, state: Version) -> list[dict[str, Any]]:
        """Each paragraph with the version that brought it."""
        found = blame_of(node, version=state.number)
        people = self._people(one.revision for one in found if one.revision)
        return [
            {
                "text": spelled_out(one.paragraph.text),
                "lines": (one.paragraph.first, one.paragraph.last),
                "number": one.version,
                **(self._why(one.revision, people) if one.revision else {}),
            }
            for one in found
        ]

    def _impact(self, node: Node) -> dict[str, Any]:
        """What depends on it now, the nearest first."""
        found = impact_of([node.id], self.workspace.id, most=MOST_REACHED)
        return {
            "reached": [
                {
                    "key": one.key,
                    "title": spelled_out(one.title),
                    "url": self.url("specs_node", one.key),
                    "distance": one.distance,
                    "path": [(OUTWARDS[step.link], step.key) for step in one.path],
                }
                for one in found
            ],
            "reached_more": len(found) == MOST_REACHED,
        }

    def _related(self, node: Node) -> dict[str, Any]:
        """Linked with it or not."""
        found = related_to(node, most=MOST_RELATED) if node.is_live else []
        return {"related": [self._brief(one.hit.version) | {"how": one.how} for one in found]}

    def _suspects(self, node: Node) -> dict[str, Any]:
        """What it leads to that has changed since somebody found that it holds."""
        found = suspects_of(node=node, **self.scope)
        rows = list(found.order_by("revision", "id")[:MOST_SUSPECTS])
        numbers = {number for row in rows for number in (row.revision, row.latest)}
        revisions = revisions_numbered(self.workspace.id, numbers)
        return {
            "suspects": [
                {
                    "cause": row.cause_id,
                    "how": _way(_state_of(row.link), node.id)[0],
                    "key": row.cause.key,
                    "title": spelled_out(row.cause.title),
                    "url": self.url("specs_node", row.cause.key),
                    "changed": [
                        (number, revisions[number].proposal_id)
                        for number in sorted({row.revision, row.latest})
                    ],
                }
                for row in rows
            ],
            "more_suspects": found.count() - len(rows) if len(rows) == MOST_SUSPECTS else 0,
            "seen": max((row.latest for row in rows), default=0),
            "may_clear": self.standing.permits(needed_to_clear(node, self.me))
            and not self.standing.archived,
        }

    def _proposals(self, node: Node) -> list[Proposal]:
        seen = Proposal.objects.visible_to(self.me).open().filter(touches__contains=[node.id])
        return list(seen.order_by("-id").only("title", "state")[:50])


def _state_of(link: Link) -> LinkState:
    return LinkState(link.source_id, LinkKind(link.kind), link.target_id)


def _way(link: LinkState, node: UUID) -> tuple[str, UUID]:
    """How it reads from this node, and the other end."""
    if link.source == node:
        return OUTWARDS[link.kind], link.target
    return INWARDS[link.kind], link.source
