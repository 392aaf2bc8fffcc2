"""What a list of specs is narrowed by, and a picture of them."""

from functools import cached_property
from typing import Any

from django import forms

from apps.accounts.selectors.names import people_named
from apps.common.actors import NOBODY
from apps.specs.choices import Status
from apps.specs.pages import reading
from apps.specs.pages.page import SpecsPage
from apps.specs.selectors.kinds import kinds_of

MOST_OWNERS = 200


class Wanted(forms.Form):
    q = forms.CharField(required=False, max_length=200)
    kind = forms.CharField(required=False, max_length=40)
    label = forms.CharField(required=False, max_length=60)
    status = forms.ChoiceField(required=False, choices=[("", ""), *Status.choices])
    owner_id = forms.UUIDField(required=False)
    parent = forms.CharField(required=False, max_length=80)
    linked = forms.CharField(required=False, max_length=80)
    suspect = forms.BooleanField(required=False)
    page = forms.IntegerField(required=False, min_value=2, max_value=100_000)


class NarrowedPage(SpecsPage):
    @cached_property
    def wanted(self) -> Wanted:
        form = Wanted(self.request.GET)
        form.is_valid()
        return form

    @cached_property
    def asked(self) -> dict[str, Any]:
        """What is filled in, but for where in the list and in the tree it is."""
        said = self.wanted.cleaned_data.items()
        return {name: value for name, value in said if value and name not in ("page", "parent")}

    def narrowed(self) -> Any:
        asked = dict(self.asked)
        suspect = asked.pop("suspect", False)
        if linked := asked.pop("linked", ""):
            asked["linked"] = self.named(linked).id
        found = self.found(**asked).defer("body", "attributes", "heading")
        if suspect and self.moment.number is None:
            return found.filter(of__in=reading.suspect_ids(self.workspace.id))
        return found

    def choices(self) -> dict[str, Any]:
        owners = self.rows.exclude(owner_id=None).values_list("owner_id", flat=True).distinct()
        people = people_named(owners[:MOST_OWNERS])
        return {
            "form": self.wanted,
            "narrowed": bool(self.asked),
            "kinds": list(kinds_of(self.workspace.id)),
            "statuses": Status.values,
            "owners": sorted(
                ((str(one.id), one.name) for one in people.values() if one.id != NOBODY),
                key=lambda one: one[1],
            ),
        }
