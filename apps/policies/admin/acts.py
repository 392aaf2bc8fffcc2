"""Acts that were judged: listed, explained, erased, made into a rule.

Who may see an act, its workspace alone says: running the instance is not enough, as what somebody
wanted to do stands in it.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator

from apps.accounts.choices import Permission
from apps.accounts.models import User
from apps.accounts.pages.entry import permits, person
from apps.accounts.pages.filters import WorkspaceFilter
from apps.accounts.selectors.names import name_of, names_of
from apps.accounts.selectors.standing import standing_of
from apps.common.admin import BrowseAdmin
from apps.policies.amending import free_texts
from apps.policies.choices import Effect, Reason
from apps.policies.errors import ActUnnamed, ActUnreadable, AlwaysAllowed, DenialStands
from apps.policies.models.acts import ActRecord
from apps.policies.pages.page import Rights, page_url
from apps.policies.selectors.acts import explanation
from apps.policies.services.acts import always_allow, erase_act
from apps.policies.verdicts import SAID, act_told, shown_verdict


class EraseForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=500,
        help_text="It stays on record for everybody: do not repeat what is to be erased.",
    )


@admin.register(ActRecord)
class ActRecordAdmin(BrowseAdmin):
    list_display = ("what", "verdict", "performer", "risk", "place", "door", "at")
    list_filter = (WorkspaceFilter, "effect", "kind", "risk_level", "door", "performer_kind")
    list_select_related = ("workspace",)
    search_fields = ("id", "digest", "label")
    search_help_text = "Id, digest, or what the agent called itself"
    paginator = InfinitePaginator
    ordering = ("-id",)
    actions_detail = ("allow_always", "erase")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ActRecord]:
        name = User.objects.get_queryset().filter(id=OuterRef("performer_id")).values("name")
        rows = ActRecord.objects.visible_to(person(request)).defer("sealed")
        return rows.annotate(performer_name=Subquery(name)).order_by(*self.ordering)

    @display(description="Act", ordering="kind")
    def what(self, act: ActRecord) -> str:
        return act.get_kind_display()

    @display(
        description="Verdict",
        ordering="effect",
        label={"Allowed": "success", "Needs approval": "warning", "Denied": "danger"},
    )
    def verdict(self, act: ActRecord) -> str:
        return SAID[Effect(act.effect)]

    @display(description="By")
    def performer(self, act: Any) -> str:
        return name_of(act.performer_id, act.performer_name or "")

    @display(description="Risk", ordering="risk_score")
    def risk(self, act: ActRecord) -> str:
        return f"{act.risk_score} {act.risk_level}"

    @display(description="Workspace", ordering="workspace__name")
    def place(self, act: ActRecord) -> str:
        return str(act.workspace)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",  # noqa: ARG002
        extra_context: Any = None,  # noqa: ARG002
    ) -> HttpResponse:
        """Why it was judged as it was."""
        act = self.row(request, object_id)
        me = person(request)
        standing = standing_of(actor=me, workspace_id=act.workspace_id)
        rights = Rights.of(standing) if standing else Rights()
        shown: dict[str, Any] = {
            "act": act,
            "workspace": act.workspace,
            "rights": rights,
            "title": f"Why: {act.get_kind_display()}",
            "reasons": [Reason(reason).label for reason in act.reasons],
            "no_rule": self._why_no_rule(act) or rights.write,
            "no_erasure": "It was erased already." if act.erased_at else rights.manage,
        }
        try:
            found = explanation(act)
        except ActUnreadable as error:
            shown["unreadable"] = error.text
        else:
            case = found.case
            if not shown["no_rule"] and any(free_texts(case)):
                shown["no_rule"] = ActUnnamed.message
            shown |= {
                "case": case,
                "told": act_told(case.act),
                "no_rule": shown["no_rule"]
                or (ActUnnamed.message if any(free_texts(case)) else ""),
                "names": names_of([case.performer.id, *case.performer.lineage]),
                "shown": shown_verdict(
                    case.verdict,
                    texts=[step.text for step in found.steps],
                    text_url=page_url("version", act.workspace_id, found.version),
                ),
            }
        return TemplateResponse(
            request, "policies/act.html", {**self.admin_site.each_context(request), **shown}
        )

    @action(description="Always allow this", permissions=["write"], variant=ActionVariant.PRIMARY)
    def allow_always(self, request: HttpRequest, object_id: str) -> HttpResponse:
        act = self.row(request, object_id)

        def do(_: dict[str, Any]) -> HttpResponse:
            draft = always_allow(act=act, actor=person(request))
            messages.success(request, "Drafted, with a test. It holds once an owner releases it.")
            return redirect(page_url("draft", act.workspace_id, draft.id))

        return self.ask_first(
            request,
            object_id,
            verb="Always allow this",
            consequence="Drafts a rule that lets the same performer do the same again unasked, "
            "and a test of it. Nothing holds before an owner releases the draft.",
            do=do,
            danger=False,
        )

    def has_write_permission(self, request: HttpRequest, object_id: str) -> bool:
        return permits(request, self.row(request, object_id).workspace, Permission.WRITE)

    @action(description="Erase", permissions=["erase"], variant=ActionVariant.DANGER)
    def erase(self, request: HttpRequest, object_id: str) -> HttpResponse:
        act = self.row(request, object_id)

        def do(asked: dict[str, Any]) -> str:
            erase_act(act=act, actor=person(request), reason=asked["reason"])
            return "What it said is gone."

        return self.ask_first(
            request,
            object_id,
            verb="Erase",
            consequence="What this act said cannot be read or explained any more, by anybody. That "
            "it was judged, how, and its digest stay until its time is up.",
            do=do,
            form_class=EraseForm,
        )

    def has_erase_permission(self, request: HttpRequest, object_id: str) -> bool:
        act = self.row(request, object_id)
        return not act.erased_at and permits(request, act.workspace, Permission.MANAGE_WORKSPACE)

    @staticmethod
    def _why_no_rule(act: ActRecord) -> str:
        if act.erased_at:
            return ActUnreadable.message
        if act.effect == Effect.REQUIRE:
            return ""
        return AlwaysAllowed.message if act.effect == Effect.ALLOW else DenialStands.message
