"""The console's pages that only read: a workspace's policy, its versions, and how they differ."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from apps.accounts.models import Workspace
from apps.accounts.pages.page import ConsolePage
from apps.accounts.selectors.names import names_of
from apps.policies.choices import DraftState, Effect
from apps.policies.models.acts import ActRecord
from apps.policies.models.policies import Policy, PolicyDraft, PolicyVersion
from apps.policies.pages.page import WorkspacePage, check, page_url
from apps.policies.pages.showing import diff_of, rules_in, summary, tests_told, whole_schema
from apps.policies.selectors import policies as read

MOST_VERSIONS = 200


class PoliciesPage(ConsolePage):
    """Every workspace one belongs to, and what holds in it. With one, its page."""

    template_name = "policies/policies.html"
    title = "Policies"

    def get(self, request: HttpRequest, *_: Any, **__: Any) -> HttpResponse:
        self.workspaces = list(Workspace.objects.visible_to(self.me).order_by("name", "id"))
        if len(self.workspaces) == 1:
            return redirect(page_url("home", self.workspaces[0].id))
        return super().get(request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = {one.workspace_id: one.current for one in read.policies(actor=self.me)}
        drafts = dict(
            PolicyDraft.objects.visible_to(self.me)
            .open()
            .order_by()
            .values_list("workspace_id")
            .annotate(count=Count("id"))
        )
        rows = [
            {
                "workspace": one,
                "version": held.get(one.id),
                "drafts": drafts.get(one.id, 0),
                "url": page_url("home", one.id),
            }
            for one in self.workspaces
        ]
        return super().get_context_data(rows=rows, **kwargs)


class PolicyPage(WorkspacePage):
    """What holds now, and what is about to."""

    template_name = "policies/policy.html"
    title = "Policy"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        version = read.current_version(**self.scope)
        text = version.text if version else read.built_in_text()
        checked, error = check(text)
        drafts = list(read.drafts_of(**self.scope).filter(state=DraftState.OPEN).defer("text"))
        people = {None, *(draft.author_id for draft in drafts)}
        people.add(version.released_by if version else None)
        drafts.sort(key=lambda draft: draft.updated_at, reverse=True)
        lately = ActRecord.objects.visible_to(self.me).filter(workspace=self.workspace)
        return super().get_context_data(
            version=version,
            number=version.number if version else 0,
            text=text,
            lines=text.splitlines(),
            checked=checked,
            error=error,
            rules=rules_in(checked),
            tests=tests_told(checked),
            said=summary(checked, error)[1],
            at_home=True,
            drafts=drafts,
            names=names_of(people),
            denied=lately.filter(effect=Effect.DENY).order_by("-id").defer("sealed")[:5],
            **kwargs,
        )


class VersionsPage(WorkspacePage):
    """Every version, and how any two of them differ."""

    template_name = "policies/versions.html"
    title = "Versions"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = read.versions_of(**self.scope).order_by("-number").defer("text")
        versions = list(found[:MOST_VERSIONS])
        newest = versions[0].number if versions else 0
        before = _number(self.request.GET.get("from"), max(newest - 1, 0))
        after = _number(self.request.GET.get("to"), newest)
        one, other = (read.text_of_version(number=n, **self.scope) for n in (before, after))
        return super().get_context_data(
            versions=versions,
            names=names_of(each.released_by for each in versions),
            numbers=[*(each.number for each in versions), 0],
            before=before,
            after=after,
            diff=diff_of(one, other),
            **kwargs,
        )


class VersionPage(WorkspacePage):
    template_name = "policies/version.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        number = kwargs["number"]
        version: PolicyVersion | None = None
        if number:
            version = read.version(number=number, **self.scope)
        text = version.text if version else read.built_in_text()
        held = Policy.objects.filter(workspace=self.workspace).values_list("current__number")
        return super().get_context_data(
            version=version,
            here=f"Version {number}" if number else "The built-in policy",
            again=f"{self.url('new')}?from=version:{number}",
            holds=(held.first() or (None,))[0] == (number or None),
            lines=text.splitlines(),
            names=names_of([version.released_by] if version else []),
            **kwargs,
        )


def schema_page(_: HttpRequest) -> JsonResponse:
    return JsonResponse(whole_schema())


def _number(said: str | None, otherwise: int) -> int:
    return int(said) if said and said.isdecimal() and len(said) < 10 else otherwise
