"""The kill switch's page: what is stopped, by whom and why; pulling and releasing it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts.pages.entry import person
from apps.accounts.selectors.seen import managed_workspaces
from apps.common.actors import operates
from apps.common.admin import BrowseAdmin
from apps.ledger.models import KillSwitch
from apps.ledger.switch import EVERYWHERE, stays_open
from apps.policies.console import is_everywhere, puller_of, workspace_of
from apps.policies.selectors.switch import may_turn, seen_switches
from apps.policies.services.switching import LONGEST_REASON, pull_switch, release_switch

PULLED = "No effect begins there any more. Reading, logging in and this page go on."


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Why", max_length=LONGEST_REASON)


class PullForm(ReasonForm):
    field_order = ("place", "reason", "sure")
    place = forms.TypedChoiceField(label="What to stop", coerce=UUID)
    sure = forms.BooleanField(
        label="Yes, stop it now",
        error_messages={"required": "Say that you mean it."},
    )


@admin.register(KillSwitch)
class KillSwitchAdmin(BrowseAdmin):
    list_display = ("place", "reason", "puller", "pulled_at")
    ordering = ("workspace_id",)
    fields = ("place", "reason", "puller", "pulled_at")
    readonly_fields = ("place", "puller")
    actions_list = ("pull",)
    actions_detail = ("release",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[KillSwitch]:
        return seen_switches(person(request))

    @display(description="Stopped")
    def place(self, switch: KillSwitch) -> str:
        return "Everything" if is_everywhere(switch) else workspace_of(switch)

    @display(description="Pulled by")
    def puller(self, switch: KillSwitch) -> str:
        return puller_of(switch)

    @action(description="Pull it", permissions=["pull"], variant=ActionVariant.DANGER)
    @stays_open
    def pull(self, request: HttpRequest) -> HttpResponse:
        def form(given: Any) -> PullForm:
            made = PullForm(given)
            made.fields["place"].choices = self._places(request)  # type: ignore[attr-defined]
            return made

        def do(asked: dict[str, Any]) -> str:
            pull_switch(workspace_id=asked["place"], reason=asked["reason"], actor=person(request))
            return PULLED

        return self.ask(
            request,
            verb="Pull the kill switch",
            consequence="Within a second no effect begins there: requests that change something "
            "are refused with 503, and tasks, webhooks and mails wait until it is released.",
            do=do,
            form_class=form,
        )

    def has_pull_permission(self, request: HttpRequest) -> bool:
        return bool(self._places(request))

    @action(description="Release", permissions=["release"], variant=ActionVariant.PRIMARY)
    @stays_open
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        switch = self.row(request, object_id)

        def do(asked: dict[str, Any]) -> str:
            release_switch(
                workspace_id=switch.workspace_id, reason=asked["reason"], actor=person(request)
            )
            return "It goes on."

        return self.ask_first(
            request,
            object_id,
            verb="Release",
            consequence="What waited is started, in its order. Is what made somebody stop it over?",
            do=do,
            form_class=ReasonForm,
            danger=False,
        )

    def has_release_permission(self, request: HttpRequest, object_id: str) -> bool:
        return may_turn(person(request), self.row(request, object_id).workspace_id)

    def _places(self, request: HttpRequest) -> list[tuple[str, str]]:
        me = person(request)
        everything = [(str(EVERYWHERE), "Everything")] if operates(me) else []
        mine = managed_workspaces(me).filter(deleted_at__isnull=True).order_by("name", "id")
        return everything + [(str(pk), name) for pk, name in mine.values_list("id", "name")]
