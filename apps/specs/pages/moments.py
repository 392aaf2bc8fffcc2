"""As of when a page shows the graph: its address says a revision or a moment. Neither: now."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property

from apps.accounts.models import Workspace
from apps.specs.errors import MomentUnknown
from apps.specs.models.graph import Revision
from apps.specs.selectors.nodes import revision_named


class Asked(forms.Form):
    revision = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    as_of = forms.CharField(required=False, max_length=40)
    """As the API takes it."""


@dataclass
class Moment:
    workspace: Workspace
    asked: QueryDict

    @cached_property
    def latest(self) -> Revision | None:
        return self._revisions.order_by("-number").first()

    @cached_property
    def number(self) -> int | None:
        """None: as it is now. What cannot be read is now."""
        form = Asked(self.asked)
        form.is_valid()
        said: dict[str, Any] = form.cleaned_data
        last = self.latest.number if self.latest else 0
        number: int | None = said.get("revision")
        if number is None and said.get("as_of"):
            with suppress(MomentUnknown):
                number = revision_named(said["as_of"], workspace_id=self.workspace.id)
        return None if number is None or number >= last else number

    @cached_property
    def revision(self) -> Revision | None:
        """The one it is shown as of, or the last one. None: there was none yet."""
        if self.number is None:
            return self.latest
        return self._revisions.filter(number=self.number).first()

    @property
    def _revisions(self) -> QuerySet[Revision]:
        found = Revision.objects.filter(workspace=self.workspace).select_related("proposal")
        return found.defer("inverse", "proposal__operations")
