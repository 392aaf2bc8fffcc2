"""What is different between two versions of a spec, or two moments of the whole graph."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse

from apps.accounts.selectors.names import people_named
from apps.approvals.pages.parts.changes import drawn
from apps.approvals.ports import Field, Operation
from apps.common.texts.hidden import spelled_out
from apps.specs.changes.values import LinkState, NodeState
from apps.specs.models.graph import Node, Revision
from apps.specs.pages.page import SpecsPage
from apps.specs.reviewing import value_told
from apps.specs.selectors.comparing import Difference, changed_between, compared, differences
from apps.specs.selectors.proposals import keys_of
from apps.specs.wording import OUTWARDS

SHOWN = 30
MOST_VERSIONS = 200


class Wanted(forms.Form):
    since = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    until = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    page = forms.IntegerField(required=False, min_value=2, max_value=100_000)

    def asked(self) -> dict[str, int]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value is not None}


class VersionsPage(SpecsPage):
    """Any two versions of one spec."""

    template_name = "specs/versions.html"
    place = "specs_browse"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        node = self.named(kwargs["key"])
        asked = Wanted(self.request.GET).asked()
        until = min(max(asked.get("until", node.version), 1), node.version)
        since = min(max(asked.get("since", until - 1), 1), node.version)
        found = compared(node, str(since), str(until))
        numbers = range(node.version, max(0, node.version - MOST_VERSIONS), -1)
        shown = {
            "node": node,
            "here": f"Versions of {node.key}",
            "page_url": self.url("specs_node", node.key),
            "since": since,
            "until": until,
            "numbers": numbers,
            "tab": _drawn([found], self.request.GET.dict()),
        }
        return super().get_context_data(**{**kwargs, **shown})


class ChangesPage(SpecsPage):
    """Any two moments of the graph, by the revisions between them."""

    template_name = "specs/changes.html"
    title = "Changes"
    place = "specs_changes"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last = self.moment.latest.number if self.moment.latest else 0
        asked = Wanted(self.request.GET).asked()
        page = asked.get("page", 1)
        until = min(asked.get("until", last), last)
        since = min(asked.get("since", max(until - 1, 0)), last)
        changed = changed_between(one=since, other=until, **self.scope).order_by("key", "id")
        first = (page - 1) * SHOWN
        nodes: list[Node] = list(changed.only("id")[first : first + SHOWN + 1])
        found = differences(nodes[:SHOWN], since, until)
        return super().get_context_data(
            last=last,
            since=since,
            until=until,
            count=changed.count(),
            tab=_drawn(found, self.request.GET.dict()),
            more=self.address(page=page + 1) if nodes[SHOWN:] else "",
            first=self.address(page=None) if page > 1 else "",
            revisions=self._revisions(until),
            **kwargs,
        )

    def _revisions(self, until: int) -> list[dict[str, Any]]:
        """The latest by then."""
        found = Revision.objects.filter(workspace=self.workspace, number__lte=until)
        rows = found.order_by("-number").select_related("proposal")
        some = list(rows.defer("inverse", "proposal__operations")[:SHOWN])
        people = people_named(one for row in some for one in (*row.authors, *row.approvers))
        return [
            {
                "number": row.number,
                "at": row.at,
                "title": spelled_out(row.proposal.title),
                "url": reverse("admin:specs_proposal", args=[row.proposal_id]),
                "who": ", ".join(people[one].name for one in row.authors),
                "approvers": ", ".join(people[one].name for one in row.approvers),
                "changed": self.address(since=row.number - 1, until=row.number, page=None),
            }
            for row in some
        ]


def _drawn(found: Sequence[Difference], asked: Mapping[str, str]) -> dict[str, Any]:
    names = _names(found)
    return drawn([_told(number, one, names) for number, one in enumerate(found)], asked)


def _told(number: int, found: Difference, names: Mapping[UUID, str]) -> Operation:
    """As a change is shown that is still to be made."""
    before, after = (_there(side) for side in (found.before, found.after))
    said = after or before
    return Operation(
        number=number,
        verb="changed" if before and after else "added" if after else "removed",
        target=spelled_out(f"{said.key} {said.title}") if said else "",
        before=before.body if before else None,
        after=after.body if after else None,
        fields=tuple(_fields(found, names)),
    )


def _there(state: NodeState | None) -> NodeState | None:
    return state if state and state.is_live else None


def _fields(found: Difference, names: Mapping[UUID, str]) -> Iterator[Field]:
    for name, (before, after) in found.fields.items():
        yield Field(
            name=name.replace("_", " "),
            before=value_told(name, before, names),
            after=value_told(name, after, names),
        )
    for kind in sorted({link.kind for link in (*found.lost, *found.gained)}):
        yield Field(
            name=OUTWARDS[kind],
            before=_ends(kind, found.lost, names),
            after=_ends(kind, found.gained, names),
        )


def _ends(kind: str, links: Iterable[LinkState], names: Mapping[UUID, str]) -> tuple[str, ...]:
    return tuple(names.get(one.target, str(one.target)) for one in links if one.kind == kind)


def _names(found: Sequence[Difference]) -> dict[UUID, str]:
    """Of nodes and owners that they name."""
    states = [state for one in found for state in (one.before, one.after) if state]
    targets = {link.target for one in found for link in (*one.gained, *one.lost)}
    parents = {state.parent for state in states if state.parent}
    people = people_named(state.owner for state in states)
    return {id_: person.name for id_, person in people.items()} | keys_of(targets | parents)
