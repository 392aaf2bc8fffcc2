"""What the pages about a workspace's specs have in common."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.pages.page import WorkspacePage
from apps.specs.models.graph import Node
from apps.specs.pages.moments import Moment
from apps.specs.selectors.nodes import nodes_at, the_node

PLACES = (
    ("Browse", "specs_browse"),
    ("Search", "specs_search"),
    ("Graph", "specs_graph"),
    ("Changes", "specs_changes"),
    ("Proposals", "specs_proposals"),
)
OF_THE_MOMENT = ("revision", "as_of")
OF_A_PLACE = ("after",)
"""In a list, which begins anew as of another moment."""


class SpecsPage(WorkspacePage):
    place = ""
    """Which of PLACES it is, or lies below."""

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.moment = Moment(self.workspace, request.GET)

    def url(self, page: str, *args: Any, **said: Any) -> str:
        """Another page, as of the same moment."""
        asked = {"revision": self.moment.number, **said}
        return page_url(page, self.workspace.id, *args) + _query(asked)

    def address(self, **said: Any) -> str:
        """This page with something else in its address. None: without it."""
        return _query({**self.request.GET.dict(), **said}) or self.request.path

    @property
    def scope(self) -> dict[str, Any]:
        """Whose and where, as selectors ask it."""
        return {"workspace_id": self.workspace.id, "actor": self.me}

    @cached_property
    def rows(self) -> Any:
        """Nodes, or versions of then, without their texts; `of` is the node."""
        return self.found().defer("body", "attributes", "heading")

    def found(self, **asked: Any) -> Any:
        """Those of which it is true."""
        number = self.moment.number
        of = F("id" if number is None else "node_id")
        return nodes_at(revision=number, **asked, **self.scope).annotate(of=of)

    def named(self, key: str) -> Node:
        """By any key that it has or had."""
        return the_node(name=key, **self.scope)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        leave = {*OF_THE_MOMENT, *OF_A_PLACE}
        kept = [(name, value) for name, value in self.request.GET.items() if name not in leave]
        return super().get_context_data(
            moment=self.moment,
            moment_now=self.address(**dict.fromkeys(leave)),
            kept=kept,
            browse_url=self.url("specs_browse"),
            places=[(label, self.url(page), page == self.place) for label, page in PLACES],
            **kwargs,
        )


def page_url(page: str, workspace_id: UUID, *args: Any) -> str:
    return reverse(f"admin:{page}", args=[workspace_id, *args])


def _query(asked: Mapping[str, Any]) -> str:
    said = urlencode({name: value for name, value in asked.items() if value is not None})
    return f"?{said}" if said else ""
