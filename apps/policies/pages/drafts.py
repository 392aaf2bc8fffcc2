"""The console's pages that change a policy: a draft is begun, written, released or discarded."""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string

from apps.accounts.selectors.names import names_of
from apps.common.errors import DomainError, Invalid, Malformed, NotFound
from apps.common.refusals import put_on
from apps.policies.choices import DraftState, Origin
from apps.policies.drafting import template_named, templates, wizard
from apps.policies.errors import PolicyInvalid, PolicyMoved
from apps.policies.models.policies import PolicyDraft
from apps.policies.pages.page import WorkspacePage, check
from apps.policies.pages.showing import diff_of, summary, tests_told
from apps.policies.selectors import policies as read
from apps.policies.services import drafts
from apps.policies.services.approving import Held, approval_of_draft
from apps.policies.services.versions import Released, release_policy

LONGEST_REASON = 500


class DraftForm(forms.Form):
    text = forms.CharField(strip=False, required=False)
    reason = forms.CharField(max_length=LONGEST_REASON, required=False)
    revision = forms.IntegerField(min_value=0, required=False)
    origin = forms.ChoiceField(
        choices=[(one.value, one.value) for one in (Origin.WRITTEN, Origin.TEMPLATE)],
        required=False,
    )

    def clean_text(self) -> str:
        """Browsers send lines with the ends of another system."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


class ReleaseForm(forms.Form):
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        help_text="For those who read the versions later.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


class WizardForm(forms.Form):
    people = forms.ChoiceField(
        label="How many people decide?",
        choices=[("one", "One: me"), ("few", "A few"), ("many", "Many")],
        initial="few",
        widget=forms.RadioSelect,
    )
    agents = forms.ChoiceField(
        label="What may agents do?",
        choices=[
            ("try", "Be tried out, in one directory and nowhere else"),
            ("ask", "Ask before everything"),
            ("routine", "Routine work unasked, and ask for the rest"),
        ],
        initial="routine",
        widget=forms.RadioSelect,
    )
    regulated = forms.BooleanField(
        label="Each change must be traceable to two people", required=False
    )
    allowed_dirs = forms.CharField(
        label="Directories that may be touched",
        required=False,
        max_length=2000,
        help_text="Separated by commas. Empty: as the template has it.",
    )
    zone = forms.CharField(
        label="Time zone of your business hours",
        required=False,
        max_length=100,
        help_text="Like Europe/Berlin. Empty: UTC.",
    )

    def answers(self) -> dict[str, Any]:
        given = self.cleaned_data
        named = [each.strip() for each in given["allowed_dirs"].split(",")]
        values: dict[str, Any] = {}
        if folders := [each for each in named if each]:
            values["allowed_dirs"] = folders
        if given["zone"].strip():
            values["zone"] = given["zone"].strip()
        return {
            "people": given["people"],
            "agents": given["agents"],
            "regulated": given["regulated"],
            "values": values,
        }


class BeginPage(WorkspacePage):
    """What to begin a draft from: what holds, a template, or answers to a few questions."""

    template_name = "policies/begin.html"
    title = "Draft a change"

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        form = WizardForm(request.POST)
        if form.is_valid():
            try:
                made = wizard(form.answers())
                draft = drafts.draft_policy(
                    text=made.text,
                    workspace=self.workspace.id,
                    actor=self.me,
                    reason=f"From the template {made.template}",
                    origin=Origin.WIZARD,
                )
            except DomainError as error:
                put_on(form, error)
            else:
                for sentence in made.because:
                    messages.info(request, sentence)
                return redirect(self.url("draft", draft.id))
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **{"form": WizardForm(), "templates": templates(), **kwargs}
        )


class EditorPage(WorkspacePage):
    """A draft's text, with what is wrong in it, its tests, and what it changes."""

    template_name = "policies/draft.html"
    title = "Draft"

    def shown(self, text: str, **more: Any) -> dict[str, Any]:
        checked, error = check(text)
        held = read.current_version(**self.scope)
        state, said = summary(checked, error)
        return self.get_context_data(
            text=text,
            state=state,
            said=said,
            faults=error.details if error else [],
            tests=tests_told(checked),
            diff=diff_of(held.text if held else read.built_in_text(), text),
            number=held.number if held else 0,
            **more,
        )

    def refused(self, error: DomainError) -> dict[str, Any]:
        """Faults are told by the editor anyway."""
        details = [] if isinstance(error, PolicyInvalid) else error.details
        return {"refusal": error, "refusal_details": details}


class NewDraftPage(EditorPage):
    """Nothing is kept before it is saved."""

    title = "New draft"

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        origin, text, reason = Origin.WRITTEN, "", ""
        match request.GET.get("from", "").partition(":"):
            case "template", _, name:
                origin, text = Origin.TEMPLATE, template_named(name).text
                reason = f"From the template {name}"
            case "version", _, number if number.isdecimal():
                text = read.text_of_version(number=int(number), **self.scope)
                reason = f"As in version {number}"
            case "draft", _, draft_id:
                earlier = self.draft(_uuid(draft_id))
                text, reason = earlier.text, earlier.reason
            case _:
                text = read.text_in_force(self.workspace.id)
        return self.render_to_response(self.shown(text, origin=origin, reason=reason))

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        form = DraftForm(request.POST)
        if not form.is_valid():
            raise Invalid(details=list(_details(form)))
        given = form.cleaned_data
        origin = Origin(given["origin"] or Origin.WRITTEN)
        try:
            made = drafts.draft_policy(
                text=given["text"],
                workspace=self.workspace.id,
                actor=self.me,
                reason=given["reason"],
                origin=origin,
            )
        except DomainError as error:
            shown = self.shown(
                given["text"], origin=origin, reason=given["reason"], **self.refused(error)
            )
            return self.render_to_response(shown, status=error.status)
        messages.success(request, "The draft is kept. It holds nothing until it is released.")
        return redirect(self.url("draft", made.id))


class DraftPage(EditorPage):
    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:  # noqa: ARG002
        draft = self.draft(self.kwargs["draft_id"])
        return self.render_to_response(self.of(draft, draft.text))

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        draft, form = self.draft(self.kwargs["draft_id"]), DraftForm(request.POST)
        if not form.is_valid():
            raise Invalid(details=list(_details(form)))
        given = form.cleaned_data
        try:
            drafts.change_draft(
                draft=draft,
                revision=given["revision"] or 0,
                text=given["text"],
                reason=given["reason"],
                actor=self.me,
            )
        except DomainError as error:
            # Saving again would then overwrite what somebody else saved, which the page shows.
            moved = given["revision"] != draft.revision and draft.state == DraftState.OPEN
            shown = self.of(
                draft,
                given["text"],
                reason=given["reason"],
                theirs=diff_of(draft.text, given["text"]) if moved else None,
                **self.refused(error),
            )
            return self.render_to_response(shown, status=error.status)
        if "release" in request.POST:
            return redirect(self.url("release", draft.id))
        messages.success(request, "The draft is saved.")
        return redirect(self.url("draft", draft.id))

    def of(self, draft: PolicyDraft, text: str, **more: Any) -> dict[str, Any]:
        held = read.current_version(**self.scope)
        mine = draft.author_id == self.me.id or not self.rights.manage
        why_not = self.rights.write or (
            "" if mine else "A draft is changed by its author, or by an admin of the workspace."
        )
        if draft.state != DraftState.OPEN:
            why_not = f"This draft was {draft.state} and stays as it is."
        return self.shown(
            text,
            **{
                "draft": draft,
                "reason": draft.reason,
                "moved": draft.base_id != (held.id if held else None),
                "why_not": why_not,
                "replay_url": f"{self.url('replay')}?days=7&draft={draft.id}",
                "approval": approval_of_draft(draft.id),
                "author": names_of([draft.author_id])[draft.author_id],
                **more,
            },
        )


class ReleasePage(WorkspacePage):
    """What will hold from now on, and why."""

    template_name = "policies/release.html"
    title = "Release"

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:  # noqa: ARG002
        draft = self.draft(self.kwargs["draft_id"])
        form = ReleaseForm(initial={"reason": draft.reason, "revision": draft.revision})
        return self.render_to_response(self.of(draft, form))

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        draft, form = self.draft(self.kwargs["draft_id"]), ReleaseForm(request.POST)
        if form.is_valid():
            try:
                came = self.release(draft, **form.cleaned_data)
            except DomainError as refusal:
                put_on(form, refusal)
                # The page shows the draft as it is now, and that is what the next try is about.
                draft = self.draft(draft.id)
                form.data = {**form.data.dict(), "revision": draft.revision}  # type: ignore[attr-defined]
            else:
                if isinstance(came, Held):
                    messages.info(request, "It waits for approval, and holds once that has come.")
                    return redirect(self.url("draft", draft.id))
                version = came.version
                messages.success(
                    request, f"Version {version.number} holds now, with {version.rules} rules."
                )
                return redirect(self.url("home"))
        return self.render_to_response(self.of(draft, form))

    def release(self, draft: PolicyDraft, *, reason: str, revision: int) -> Released | Held:
        """The reason is the draft's: it is kept there first, if it is another one."""
        if draft.state == DraftState.OPEN and reason != draft.reason:
            draft = drafts.change_draft(
                draft=draft, revision=revision, text=draft.text, reason=reason, actor=self.me
            )
            revision = draft.revision
        return release_policy(draft=draft, revision=revision, actor=self.me)

    def of(self, draft: PolicyDraft, form: ReleaseForm) -> dict[str, Any]:
        held = read.current_version(**self.scope)
        checked, faults = check(draft.text)
        state, said = summary(checked, faults)
        moved = draft.base_id != (held.id if held else None)
        if draft.state != DraftState.OPEN:
            why_not = f"This draft was {draft.state} already."
        elif moved:
            why_not = PolicyMoved.message
        else:
            why_not = self.rights.release or ("" if state == "valid" else said)
        return self.get_context_data(
            draft=draft,
            form=form,
            held=held,
            said=said,
            state=state,
            why_not=why_not,
            diff=diff_of(held.text if held else read.built_in_text(), draft.text),
            tests=tests_told(checked),
        )


class DiscardPage(WorkspacePage):
    template_name = "policies/discard.html"
    title = "Discard the draft"

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        try:
            drafts.discard_draft(draft=self.draft(self.kwargs["draft_id"]), actor=self.me)
        except DomainError as error:
            return self.render_to_response(
                self.get_context_data(refusal=error), status=error.status
            )
        messages.success(request, "The draft is discarded.")
        return redirect(self.url("home"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(draft=self.draft(self.kwargs["draft_id"]), **kwargs)


class CheckPage(WorkspacePage):
    """What is to be said of a text while it is written. Nothing of it is kept."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        try:
            text = json.loads(request.body)["text"].replace("\r\n", "\n")
        except (ValueError, TypeError, KeyError, AttributeError) as failure:
            raise Malformed from failure
        checked, error = check(text)
        state, said = summary(checked, error)
        page = None
        if checked:
            diff = diff_of(read.text_in_force(self.workspace.id), text)
            shown = {"tests": tests_told(checked), "diff": diff}
            page = render_to_string("policies/checked.html", shown, request)
        faults = error.details if error else []
        return JsonResponse({"state": state, "said": said, "faults": faults, "page": page})


def _details(form: forms.Form) -> Any:
    for field, faults in form.errors.items():
        yield from ({"field": field, "message": str(message)} for message in faults)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
