"""/admin/specs/…/REQ-12/: all that is said of one spec, what it is linked with, and how it came to
be so.
"""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.urls import reverse

from apps.approvals.selectors.names import people_named
from apps.policies.engine.hidden import spelled_out
from apps.specs.changes.values import LinkState
from apps.specs.models.graph import Node, Revision, Version, held_at
from apps.specs.models.proposals import Proposal
from apps.specs.pages import reading
from apps.specs.pages.page import SpecsPage
from apps.specs.pages.wording import INWARDS, OUTWARDS

MOST_PARTS, MOST_LINKS, MOST_VERSIONS = 300, 300, 200


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
        }
        if state:
            shown |= self._said(state) | self._around(node, state)
        return super().get_context_data(**{**kwargs, **shown})

    def _said(self, state: Version) -> dict[str, Any]:
        people = people_named([state.owner_id])
        return {
            "title_then": spelled_out(state.title),
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
        rows = reading.rows_at(self.workspace.id, self.moment.number, self.me)
        rows = rows.defer("body", "attributes", "heading")
        links = reading.links_at(self.workspace.id, self.moment.number)
        found = reading.linked(links, [node.id], both=False)
        ends = {end for link in found for end in (link.source, link.target)} - {node.id}
        wanted = {*ends, state.parent_id} - {None}
        named = {row.of: row for row in rows.filter(of__in=wanted)}
        told = [
            self._brief(named[other]) | {"how": how}
            for link in sorted(found, key=lambda link: link.kind)
            for how, other in [_way(link, node.id)]
            if other in named
        ]
        parts = rows.filter(parent_id=node.id).order_by("rank", "key")
        return {
            "above": self._brief(named[state.parent_id]) if state.parent_id in named else None,
            "links": sorted(told, key=lambda one: (one["how"], one["key"])),
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
        revisions = self._revisions(row["since"] for row in rows)
        people = people_named(
            one for each in revisions.values() for one in (*each.authors, *each.approvers)
        )
        return [row | self._why(revisions[row["since"]], people) for row in rows]

    def _revisions(self, numbers: Iterable[int]) -> dict[int, Revision]:
        found = Revision.objects.filter(workspace=self.workspace, number__in=set(numbers))
        kept = found.select_related("proposal").only(
            "number", "at", "authors", "approvers", "proposal__title"
        )
        return {revision.number: revision for revision in kept}

    def _why(self, revision: Revision, people: Any) -> dict[str, Any]:
        return {
            "at": revision.at,
            "why": spelled_out(revision.proposal.title),
            "url": reverse("admin:specs_proposal", args=[revision.proposal_id]),
            "who": ", ".join(people[one].name for one in revision.authors),
            "approvers": ", ".join(people[one].name for one in revision.approvers),
        }

    def _proposals(self, node: Node) -> list[Proposal]:
        seen = Proposal.objects.visible_to(self.me).open().filter(touches__contains=[node.id])
        return list(seen.order_by("-id").only("title", "state")[:50])


def _way(link: LinkState, node: UUID) -> tuple[str, UUID]:
    """How it reads from this node, and the other end."""
    if link.source == node:
        return OUTWARDS[link.kind], link.target
    return INWARDS[link.kind], link.source
