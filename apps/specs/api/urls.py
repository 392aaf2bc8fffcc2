"""The paths of specs and of what is proposed to them: the promised short one, and those below
/api/v1.
"""

from django.urls import URLPattern, path

from apps.specs.api.views import mutations, paper, promised, search, specs, suspects

_MUTATION = "api/v1/mutations/<uuid:proposal_id>"
_SPECS = "api/v1/specs"
_SPEC = f"{_SPECS}/<str:key>"

urlpatterns: list[URLPattern] = [
    path("mutations/propose", promised.Propose.as_view()),
    path("api/v1/mutations", mutations.Mutations.as_view()),
    path("api/v1/mutations/propose", promised.Propose.as_view()),
    path(_MUTATION, mutations.OneMutation.as_view()),
    path(f"{_MUTATION}/revert", mutations.Revert.as_view()),
    path(f"{_MUTATION}/revise", mutations.Revise.as_view()),
    path(f"{_MUTATION}/submit", mutations.Submit.as_view()),
    path(f"{_MUTATION}/withdraw", mutations.Withdraw.as_view()),
    path(_SPECS, specs.Specs.as_view()),
    path(f"{_SPECS}/diff", specs.GraphDifference.as_view()),
    path(f"{_SPECS}/export", paper.Export.as_view()),
    path(f"{_SPECS}/kinds", paper.Kinds.as_view()),
    path(f"{_SPECS}/search", search.Search.as_view()),
    path(f"{_SPECS}/suspects", suspects.Suspects.as_view()),
    path(f"{_SPECS}/suspects/clear", suspects.ClearMany.as_view()),
    path(_SPEC, specs.OneSpec.as_view()),
    path(f"{_SPEC}/blame", specs.Blame.as_view()),
    path(f"{_SPEC}/diff", specs.NodeDifference.as_view()),
    path(f"{_SPEC}/impact", specs.Impact.as_view()),
    path(f"{_SPEC}/related", search.Related.as_view()),
    path(f"{_SPEC}/suspects", suspects.NodeSuspects.as_view()),
    path(f"{_SPEC}/suspects/clear", suspects.ClearSuspects.as_view()),
    path(f"{_SPEC}/versions", specs.Versions.as_view()),
    path(f"{_SPEC}/versions/<int:number>", specs.OneVersion.as_view()),
]
