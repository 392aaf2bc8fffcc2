"""The paths of specs and of what is proposed to them: the promised short one, and those below
/api/v1.
"""

from django.urls import URLPattern, path

from apps.specs.api import mutations, promised

_MUTATION = "api/v1/mutations/<uuid:proposal_id>"

urlpatterns: list[URLPattern] = [
    path("mutations/propose", promised.Propose.as_view()),
    path("api/v1/mutations", mutations.Mutations.as_view()),
    path("api/v1/mutations/propose", promised.Propose.as_view()),
    path(_MUTATION, mutations.OneMutation.as_view()),
    path(f"{_MUTATION}/revert", mutations.Revert.as_view()),
    path(f"{_MUTATION}/revise", mutations.Revise.as_view()),
    path(f"{_MUTATION}/submit", mutations.Submit.as_view()),
    path(f"{_MUTATION}/withdraw", mutations.Withdraw.as_view()),
]
