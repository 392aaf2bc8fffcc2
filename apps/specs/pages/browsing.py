"""/admin/specs/: the specs of a workspace, as documents with their parts and as a list that is
narrowed, now or as of another moment.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.accounts.models import Workspace
from apps.accounts.pages.page import ConsolePage
from apps.accounts.selectors.names import people_named
from apps.common.texts.hidden import spelled_out
from apps.specs.choices import NodeKind
from apps.specs.models.graph import Node, Suspect
from apps.specs.pages.narrowing import NarrowedPage
from apps.specs.pages.page import page_url

SHOWN = 50
MOST_DOCUMENTS, MOST_PARTS = 100, 300
DEEP = 12


class SpecsHome(ConsolePage):
    """Of one's own workspace, and with `?all` the others as well."""

    template_name = "specs/workspaces.html"
    title = "Specs"

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        seen = Workspace.objects.visible_to(self.me)
        self.workspaces = list(seen.order_by("name", "id"))
        own = self.me.default_workspace_id
        ids = [workspace.id for workspace in self.workspaces]
        if ids and ("all" not in request.GET or len(ids) == 1):
            return redirect(page_url("specs_browse", own if own in ids else ids[0]))
        return super().get(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        live = Node.objects.visible_to(self.me).live().values("workspace").annotate(n=Count("id"))
        counts = dict(live.values_list("workspace", "n"))
        rows = [(workspace, counts.get(workspace.id, 0)) for workspace in self.workspaces]
        return super().get_context_data(rows=rows, **kwargs)


class BrowsePage(NarrowedPage):
    template_name = "specs/browse.html"
    title = "Specs"
    place = "specs_browse"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        said = self.wanted.cleaned_data
        page = said.get("page") or 1
        path = self._path(said.get("parent", ""))
        found = self.narrowed()
        if path:
            found = found.filter(parent_id=path[-1].of).order_by("rank", "key")
        else:
            found = found.order_by("key")
        first = (page - 1) * SHOWN
        some = list(found[first : first + SHOWN + 1])
        return super().get_context_data(
            nodes=self._told(some[:SHOWN]),
            more=self.address(page=page + 1) if some[SHOWN:] else "",
            first=self.address(page=None) if page > 1 else "",
            path=[self._branch(one) for one in path],
            **self._tree(path),
            **self.choices(),
            **kwargs,
        )

    def _path(self, key: str) -> list[Any]:
        """From a document down to the part that is looked into."""
        path: list[Any] = []
        of = self.named(key).id if key else None
        while of and len(path) < DEEP:
            row = self.rows.filter(of=of).first()
            if row is None:
                break
            path.insert(0, row)
            of = row.parent_id
        return path

    def _tree(self, path: Sequence[Any]) -> dict[str, Any]:
        """Documents, and the parts along the path."""
        roots = self.rows.filter(kind=NodeKind.SPEC, parent_id=None).order_by("key")
        documents = list(roots[: MOST_DOCUMENTS + 1])
        tree = [self._branch(row) for row in documents[:MOST_DOCUMENTS]]
        beside = tree
        for row in path:
            here = next((branch for branch in beside if branch["of"] == row.of), None)
            if here is None:
                break
            here["is_here"] = row is path[-1]
            parts = self.rows.filter(parent_id=row.of).order_by("rank", "key")
            here["parts"] = beside = [self._branch(part) for part in parts[:MOST_PARTS]]
        return {"tree": tree, "more_documents": len(documents) > MOST_DOCUMENTS}

    def _branch(self, row: Any) -> dict[str, Any]:
        return {
            "of": row.of,
            "key": row.key,
            "title": spelled_out(row.title),
            "url": self.url("specs_browse", parent=row.key),
            "page": self.url("specs_node", row.key),
        }

    def _told(self, rows: Sequence[Any]) -> list[dict[str, Any]]:
        suspects = self._suspects([row.of for row in rows])
        names = people_named(row.owner_id for row in rows)
        above = {row.parent_id for row in rows if row.parent_id}
        parents = dict(self.rows.filter(of__in=above).values_list("of", "key")) if above else {}
        return [
            {
                "key": row.key,
                "title": spelled_out(row.title),
                "url": self.url("specs_node", row.key),
                "kind": row.kind,
                "status": row.status,
                "labels": [spelled_out(label) for label in row.labels],
                "owner": names[row.owner_id].name if row.owner_id else "",
                "within": parents.get(row.parent_id, ""),
                "suspects": suspects.get(row.of, 0),
            }
            for row in rows
        ]

    def _suspects(self, ids: Sequence[UUID]) -> dict[UUID, int]:
        if self.moment.number is not None:
            return {}
        found = Suspect.objects.standing().filter(node__in=ids).values("node")
        return dict(found.annotate(n=Count("id")).values_list("node", "n"))
