"""Who is away from which workspace, and who stands in; and saying so of oneself."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from apps.accounts.choices import ActorKind, Permission
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.pages.entry import permits, person
from apps.accounts.pages.filters import WorkspaceFilter
from apps.accounts.selectors.names import name_of
from apps.approvals.models.people import Absence
from apps.approvals.services.absences import end_absence, set_absence
from apps.common.admin import BrowseAdmin


class AbsenceForm(forms.Form):
    workspace = forms.ModelChoiceField(queryset=Workspace.objects.none(), empty_label=None)
    delegate = forms.ChoiceField(
        label="Who decides in your seat",
        required=False,
        help_text="A person of that workspace who may decide. Nobody stands in for who stands in.",
    )
    begins_at = forms.DateTimeField(label="From")
    ends_at = forms.DateTimeField(label="Until")

    def __init__(self, *args: Any, me: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspaces = workspaces_of(me)
        self.fields["workspace"].queryset = workspaces  # type: ignore[attr-defined]
        self.fields["delegate"].choices = [("", "Nobody"), *_delegates(me, workspaces)]  # type: ignore[attr-defined]
        for name in ("begins_at", "ends_at"):
            self.fields[name].help_text = f"As clocks show it in {me.time_zone}."
            self.fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"})


def workspaces_of(me: User) -> QuerySet[Workspace]:
    """Where one may say that one is away."""
    mine = Membership.objects.permitting(Permission.WRITE).used_by(me)
    open_ones = Workspace.objects.visible_to(me).filter(archived_at__isnull=True)
    return open_ones.filter(id__in=mine.values("workspace")).order_by("name")


def _delegates(me: User, workspaces: QuerySet[Workspace]) -> list[tuple[str, str]]:
    deciding = Membership.objects.permitting(Permission.DECIDE).filter(
        workspace__in=workspaces, user__kind=ActorKind.PERSON
    )
    others = deciding.exclude(user=me).order_by("user__name", "user_id")
    found = dict(others.values_list("user_id", "user__name"))
    return [(str(pk), name_of(pk, name)) for pk, name in found.items()]


@admin.register(Absence)
class AbsenceAdmin(BrowseAdmin):
    when_empty = (
        "Nobody is away. Whoever will be says so by the button above, and names who decides in "
        "their seat meanwhile."
    )
    list_display = ("who", "stand_in", "begins_at", "ends_at", "workspace")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    ordering = ("-ends_at",)
    fields = ("who", "stand_in", "begins_at", "ends_at", "workspace")
    readonly_fields = ("who", "stand_in")
    actions_list = ("be_away",)
    actions_detail = ("end",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        def name(person: str) -> Subquery:
            return Subquery(User.objects.get_queryset().filter(id=OuterRef(person)).values("name"))

        rows = super().get_queryset(request).select_related("workspace")
        return rows.annotate(person_name=name("person_id"), delegate_name=name("delegate_id"))

    @display(description="Who")
    def who(self, row: Any) -> str:
        return name_of(row.person_id, row.person_name or "")

    @display(description="Stands in")
    def stand_in(self, row: Any) -> str:
        return name_of(row.delegate_id, row.delegate_name or "") if row.delegate_id else "nobody"

    @action(description="Be away", permissions=["be_away"], variant=ActionVariant.PRIMARY)
    def be_away(self, request: HttpRequest) -> HttpResponse:
        me = person(request)

        def do(asked: dict[str, Any]) -> str:
            set_absence(
                workspace_id=asked["workspace"].id,
                person=me.id,
                begins_at=asked["begins_at"],
                ends_at=asked["ends_at"],
                delegate=UUID(asked["delegate"]) if asked["delegate"] else None,
                actor=me,
            )
            return f"You are away from {asked['workspace']} then."

        return self.ask(
            request,
            verb="Be away",
            consequence="Whoever you name decides in your seat meanwhile, except on what they or "
            "their agents propose. You can come back at any time.",
            do=do,
            form_class=partial(AbsenceForm, me=me),
            danger=False,
        )

    def has_be_away_permission(self, request: HttpRequest) -> bool:
        return workspaces_of(person(request)).exists()

    @action(description="End", permissions=["end"], variant=ActionVariant.PRIMARY)
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        absence = self.row(request, object_id)

        def do(_: dict[str, Any]) -> str:
            end_absence(
                absence_id=absence.id, workspace_id=absence.workspace_id, actor=person(request)
            )
            return f"{self.who(absence)} is back."

        return self.ask_first(
            request,
            object_id,
            verb="End the absence",
            consequence="From now on nobody decides in that seat but who has it. What was decided "
            "in it stays.",
            do=do,
            danger=False,
        )

    def has_end_permission(self, request: HttpRequest, object_id: str) -> bool:
        absence = self.row(request, object_id)
        if absence.ends_at <= timezone.now():
            return False
        own = absence.person_id == person(request).id
        needed = Permission.WRITE if own else Permission.MANAGE_MEMBERS
        return permits(request, absence.workspace, needed)
