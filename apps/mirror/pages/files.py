"""/admin/files/: the folder that is kept alike with a workspace, what waits and what conflicts."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.accounts.pages.page import ConsolePage
from apps.common.texts.hidden import spelled_out
from apps.mirror.choices import FileState
from apps.mirror.models import Mirror, MirroredFile
from apps.mirror.selectors.mirrors import counted, files_of
from apps.specs.pages.page import SpecsPage

SHOWN = 100
TONES = {
    FileState.AGREED: "good",
    FileState.WAITS: "wait",
    FileState.CONFLICTS: "bad",
    FileState.REFUSED: "bad",
    FileState.UNREADABLE: "bad",
    FileState.ELSEWHERE: "bad",
}


class FilesHome(ConsolePage):
    """The folders of one's workspaces: of the only one, its files."""

    template_name = "mirror/folders.html"
    title = "Files"

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        found = Mirror.objects.visible_to(self.me).select_related("workspace")
        self.mirrors = list(found.order_by("workspace__name", "id"))
        if len(self.mirrors) == 1:
            return redirect("admin:mirror_files", self.mirrors[0].workspace_id)
        return super().get(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = [(mirror, spelled_out(mirror.folder)) for mirror in self.mirrors]
        return super().get_context_data(rows=rows, **kwargs)


class Wanted(forms.Form):
    state = forms.ChoiceField(required=False, choices=FileState.choices)
    page = forms.IntegerField(required=False, min_value=2, max_value=100_000)


class FilesPage(SpecsPage):
    template_name = "mirror/files.html"
    title = "Files"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = Wanted(self.request.GET)
        form.is_valid()
        state = form.cleaned_data.get("state") or None
        page = form.cleaned_data.get("page") or 1
        mirror = Mirror.objects.filter(workspace=self.workspace).first()
        counts = counted(mirror.files.all()) if mirror else {}
        found = files_of(**self.scope, state=state).order_by("path")
        first = (page - 1) * SHOWN
        rows = list(found[first : first + SHOWN + 1])
        return super().get_context_data(
            mirror=mirror,
            folder=spelled_out(mirror.folder) if mirror else "",
            said=spelled_out(mirror.said) if mirror else "",
            rows=[self._told(row) for row in rows[:SHOWN]],
            views=[
                (name, counts.get(name, 0), self.address(state=name, page=None), name == state)
                for name in FileState.values
            ],
            all_url=self.address(state=None, page=None),
            state=state,
            more=self.address(page=page + 1) if rows[SHOWN:] else "",
            first=self.address(page=None) if page > 1 else "",
            **kwargs,
        )

    def _told(self, row: MirroredFile) -> dict[str, Any]:
        proposal = row.proposal
        return {
            "row": row,
            "path": spelled_out(row.path),
            "said": spelled_out(row.said),
            "tone": TONES[FileState(row.state)],
            "proposal": proposal and reverse("admin:specs_proposal", args=[proposal.id]),
            "title": spelled_out(proposal.title) if proposal else "",
            "node": row.document and self.url("specs_node", row.document),
        }
