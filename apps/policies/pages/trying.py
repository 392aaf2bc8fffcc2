"""The console's pages that try a policy out: on one act, or on those of the last days. They change
nothing, so they stay open while a kill switch is on.
"""

import json
from typing import Any
from uuid import UUID

from django import forms
from django.core import signing
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from pydantic import ValidationError

from apps.accounts.selectors.names import names_of
from apps.common.bodies import details_of
from apps.common.errors import Invalid, InvalidCursor
from apps.common.refusals import put_on
from apps.common.texts.clock import DAY, by_the_clock
from apps.policies.acts import ActIn
from apps.policies.choices import ActKind, DraftState, Effect, Verb
from apps.policies.models.policies import PolicyDraft
from apps.policies.pages.page import WorkspacePage
from apps.policies.ports import Act, Verdict
from apps.policies.selectors import policies as read
from apps.policies.selectors.acts import opened_all
from apps.policies.selectors.replays import Replayed, acts_to_replay, replayed
from apps.policies.services.judging import weigh_act
from apps.policies.services.versions import check_policy
from apps.policies.verdicts import SAID, act_told, shown_verdict, texts_of, why

SALT = "policies.console.replay"
STEP = 200
"""So many acts are judged again between two looks at how far it is."""
DAYS = (1, 7, 30, 90)
EXAMPLE = {
    "kind": "plan",
    "operations": [{"verb": "edit", "paths": ["docs/guide.md"]}],
    "texts": {"summary": "Reword the guide"},
    "diff_lines": 12,
}


class TryForm(forms.Form):
    policy = forms.ChoiceField(label="Judged by", required=False)
    kind = forms.ChoiceField(choices=ActKind.choices, label="What", initial=ActKind.PLAN)
    verb = forms.ChoiceField(choices=Verb.choices, label="It would", initial=Verb.EDIT)
    paths = forms.CharField(
        label="Paths",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line. A move has two.",
    )
    target = forms.CharField(
        label="Target",
        required=False,
        max_length=500,
        help_text="A spec's key, or the name of a tool or plugin.",
    )
    labels = forms.CharField(
        label="Labels", required=False, max_length=2000, help_text="Separated by commas."
    )
    diff_lines = forms.IntegerField(
        label="Lines changed", min_value=0, required=False, max_value=1_000_000
    )
    content = forms.CharField(
        label="Text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What comes with it. The risk gate reads all of it.",
    )

    def act(self) -> Any:
        given = self.cleaned_data
        operation = {
            "verb": given["verb"],
            "target": given["target"],
            "paths": [line.strip() for line in given["paths"].splitlines() if line.strip()],
            "labels": [each.strip() for each in given["labels"].split(",") if each.strip()],
        }
        return {
            "kind": given["kind"],
            "operations": [operation],
            "texts": {"content": given["content"]} if given["content"] else {},
            "diff_lines": given["diff_lines"] or 0,
        }


class JsonForm(forms.Form):
    policy = forms.ChoiceField(label="Judged by", required=False)
    act_json = forms.CharField(
        label="The act, as POST /api/v1/policies/evaluate takes it",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code-like"}),
    )

    def act(self) -> Any:
        try:
            return json.loads(self.cleaned_data["act_json"])
        except ValueError as error:
            raise Invalid("This is not JSON.") from error


class TryPage(WorkspacePage):
    """What would a policy say to an act of mine?"""

    template_name = "policies/try.html"
    title = "Try an act"

    def post(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        form = self.form(request.POST)
        found = {}
        if form.is_valid():
            try:
                found = self.weighed(act_in(form.act()), form.cleaned_data["policy"])
            except Invalid as error:
                put_on(form, error)
        return self.render_to_response(self.get_context_data(form=form, **found))

    def form(self, given: Any = None) -> TryForm | JsonForm:
        """Fields, or JSON for acts of several operations."""
        initial = {
            "policy": self.request.GET.get("draft", ""),
            "act_json": json.dumps(EXAMPLE, indent=2),
        }
        kind = JsonForm if "json" in self.request.GET else TryForm
        form = kind(given, initial=initial)
        form.fields["policy"].choices = policies_to_judge_by(self)  # type: ignore[attr-defined]
        return form

    def weighed(self, act: Act, draft_id: str) -> dict[str, Any]:
        policy, text = None, read.text_in_force(self.workspace.id)
        held = read.current_version(**self.scope)
        url = self.url("version", held.number if held else 0)
        if draft_id:
            draft = self.draft(UUID(draft_id))
            policy, text = check_policy(draft.text).as_if_in_force(), draft.text
            url = self.url("draft", draft.id)
        verdict = weigh_act(act=act, actor=self.me, workspace=self.workspace.id, policy=policy)
        shown = shown_verdict(verdict, texts=texts_of(verdict, text), text_url=url)
        return {"shown": shown, "told": act_told(act)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"as_json": "json" in self.request.GET, **kwargs}
        if "form" not in shown:
            shown["form"] = self.form()
        return super().get_context_data(**shown)


def policies_to_judge_by(page: WorkspacePage) -> list[tuple[str, str]]:
    drafts = read.drafts_of(**page.scope).filter(state=DraftState.OPEN).order_by("-updated_at")
    return [
        ("", "What holds now"),
        *((str(draft.id), draft_name(draft)) for draft in drafts.defer("text")),
    ]


def draft_name(draft: PolicyDraft) -> str:
    return f"Draft {draft.id.hex[-6:]}{f': {draft.reason}' if draft.reason else ''}"[:100]


def act_in(body: Any) -> Act:
    try:
        return ActIn.model_validate(body).to_act()
    except ValidationError as error:
        raise Invalid(
            "This is not an act.",
            details=details_of(error),
        ) from error


class ReplayForm(forms.Form):
    draft = forms.ChoiceField(label="Draft")
    days = forms.TypedChoiceField(
        label="Acts of",
        coerce=int,
        choices=[(days, "the last day" if days == 1 else f"the last {days} days") for days in DAYS],
        initial=7,
    )


class ReplayPage(WorkspacePage):
    """What a draft would have said of what was done lately. The page's script asks for steps."""

    template_name = "policies/replay.html"
    title = "Replay"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET
        drafts = policies_to_judge_by(self)[1:]
        form = ReplayForm(asked if "days" in asked else None, initial={"draft": asked.get("draft")})
        form.fields["draft"].choices = drafts  # type: ignore[attr-defined]
        ready = not self.rights.decide and form.is_bound and form.is_valid()
        return super().get_context_data(
            form=form,
            drafts=drafts,
            asked=form.cleaned_data if ready else None,
            **kwargs,
        )


class ReplayStep(WorkspacePage):
    http_method_names = ("get",)

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        form = ReplayForm(request.GET)
        form.fields["draft"].choices = policies_to_judge_by(self)[1:]  # type: ignore[attr-defined]
        if not form.is_valid():
            raise Invalid
        asked = form.cleaned_data
        policy = check_policy(self.draft(UUID(asked["draft"])).text).compiled
        chosen = acts_to_replay(
            days=asked["days"], after=_place(request.GET.get("cursor")), **self.scope
        )
        total = chosen.count()
        found = list(replayed(policy, chosen, limit=STEP))
        flips = [one for one in found if one.flipped or one.shifted]
        names = names_of(one.act.performer_id for one in flips)
        cases = opened_all(self.workspace.id, [one.act for one in flips])
        more = total > len(found)
        return JsonResponse(
            {
                "total": total,
                "compared": sum(one.readable for one in found),
                "unreadable": sum(not one.readable for one in found),
                "flips": [
                    _flip(one, act_told(case.act) if case else "", names[one.act.performer_id])
                    for one, case in zip(flips, cases, strict=True)
                ],
                "next": signing.dumps(str(found[-1].act.id), salt=SALT) if more and found else None,
            }
        )


def _flip(found: Replayed, what: str, who: str) -> dict[str, Any]:
    assert found.before is not None  # noqa: S101
    assert found.after is not None  # noqa: S101
    return {
        "change": "effect" if found.flipped else "stages",
        "before": _in_short(found.before),
        "after": _in_short(found.after),
        "act": {
            "what": what,
            "who": who,
            "url": reverse("admin:policies_actrecord_change", args=[found.act.id]),
            "at": found.act.at.isoformat(),
            "when": by_the_clock(found.act.at, DAY),
        },
    }


def _in_short(verdict: Verdict) -> dict[str, str]:
    effect = Effect(verdict.effect)
    return {"effect": effect.value, "said": SAID[effect], "why": why(verdict)}


def _place(cursor: str | None) -> UUID | None:
    if not cursor:
        return None
    try:
        return UUID(signing.loads(cursor, salt=SALT))
    except signing.BadSignature as error:
        raise InvalidCursor from error
