"""/admin/specs/…/search/: specs found by what they say, as of any moment."""

from dataclasses import replace
from typing import Any

from django import forms

from apps.common.texts.hidden import spelled_out
from apps.specs.choices import Status
from apps.specs.errors import SearchTooSlow
from apps.specs.pages.page import SpecsPage
from apps.specs.search.asked import LONGEST
from apps.specs.selectors.kinds import kinds_of
from apps.specs.services.relating import how_close
from apps.specs.services.searching import NOTHING, Found, Hit, search_specs

SHOWN = 20
LAST = 25
"""Page."""
WHY = {
    "model_away": "the model does not answer",
    "texts_refused": "the model does not take this question",
    "budget_spent": "the budget for models is spent",
    "search_backend_away": "what keeps meanings does not answer",
}


class Wanted(forms.Form):
    q = forms.CharField(required=False, max_length=LONGEST)
    kind = forms.CharField(required=False, max_length=40)
    label = forms.CharField(required=False, max_length=60)
    status = forms.ChoiceField(required=False, choices=[("", ""), *Status.choices])
    page = forms.IntegerField(required=False, min_value=2, max_value=LAST)


class SearchPage(SpecsPage):
    template_name = "specs/search.html"
    title = "Search"
    place = "specs_search"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = Wanted(self.request.GET)
        form.is_valid()
        asked = {name: value for name, value in form.cleaned_data.items() if value}
        page = asked.pop("page", 1)
        found = self._found(page, **asked)
        return super().get_context_data(
            form=form,
            asked=asked.get("q", ""),
            hits=[self._told(hit) for hit in found.hits],
            waiting=found.waiting,
            because=WHY.get(found.because, ""),
            too_slow=SearchTooSlow.message if found.because == SearchTooSlow.code else "",
            more=self.address(page=page + 1) if found.has_more and page < LAST else "",
            first=self.address(page=None) if page > 1 else "",
            kinds=list(kinds_of(self.workspace.id)),
            statuses=Status.values,
            **kwargs,
        )

    def _found(
        self, page: int, q: str = "", kind: str = "", label: str = "", status: str = ""
    ) -> Found:
        if not q:
            return NOTHING
        try:
            return self._searched(page, q, kind, label, status)
        except SearchTooSlow as error:
            return replace(NOTHING, because=error.code)

    def _searched(self, page: int, q: str, kind: str, label: str, status: str) -> Found:
        return search_specs(
            query=q,
            kinds=[kind] if kind else (),
            labels=[label] if label else (),
            statuses=[status] if status else (),
            revision=self.moment.number,
            most=SHOWN,
            offset=(page - 1) * SHOWN,
            **self.scope,
        )

    def _told(self, hit: Hit) -> dict[str, Any]:
        version = hit.version
        how = "has this key" if hit.is_named else how_close(hit.closeness)
        return {
            "key": version.key,
            "title": spelled_out(version.title),
            "url": self.url("specs_node", version.key),
            "kind": version.kind,
            "status": version.status,
            "labels": [spelled_out(label) for label in version.labels],
            "snippet": [(spelled_out(piece.text), piece.is_marked) for piece in hit.snippet],
            "how": how,
        }
