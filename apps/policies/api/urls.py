"""The paths of policies and of the observer: the promised short ones, and those below /api/v1."""

from typing import Any

from django.urls import URLPattern, path

from apps.policies.api.views import acts, drafts, observer, policies, switch, templates

_POLICY: dict[str, Any] = {
    "current": policies.Current.as_view(),
    "reload": policies.Reload.as_view(),
    "dry-run": policies.DryRun.as_view(),
    "apply": policies.Apply.as_view(),
    "templates": templates.Templates.as_view(),
    "templates/<str:name>": templates.OneTemplate.as_view(),
    "render-from-template": templates.Render.as_view(),
    "apply-from-template": templates.ApplyTemplate.as_view(),
    "wizard": templates.Wizard.as_view(),
}
_OBSERVER: dict[str, Any] = {
    "act": observer.TakeAct.as_view(),
    "turn": observer.TakeTurn.as_view(),
    "state": observer.State.as_view(),
    "meta": observer.Meta.as_view(),
}
_DRAFT = "api/v1/policies/drafts/<uuid:draft_id>"
_ACT = "api/v1/policies/acts/<uuid:act_id>"

urlpatterns: list[URLPattern] = [
    *(
        path(prefix + route, view)
        for prefix in ("policy/", "api/v1/policies/")
        for route, view in _POLICY.items()
    ),
    *(
        path(prefix + route, view)
        for prefix in ("", "api/v1/")
        for route, view in _OBSERVER.items()
    ),
    path("api/v1/policies", policies.Policies.as_view()),
    path("api/v1/policies/versions", policies.Versions.as_view()),
    path("api/v1/policies/versions/<int:number>", policies.Version.as_view()),
    path("api/v1/policies/diff", policies.Diff.as_view()),
    path("api/v1/policies/schema", policies.DocumentSchema.as_view()),
    path("api/v1/policies/drafts", drafts.Drafts.as_view()),
    path(_DRAFT, drafts.Draft.as_view()),
    path(f"{_DRAFT}/release", drafts.Release.as_view()),
    path("api/v1/policies/evaluate", acts.Evaluate.as_view()),
    path("api/v1/policies/replay", acts.Replay.as_view()),
    path("api/v1/policies/acts", acts.Acts.as_view()),
    path(_ACT, acts.OneAct.as_view()),
    path(f"{_ACT}/explain", acts.Explain.as_view()),
    path(f"{_ACT}/always-allow", acts.AlwaysAllow.as_view()),
    path("api/v1/kill-switch", switch.Switch.as_view()),
]
