"""The admin site as our console: who may enter, its home page, its search across everything."""

import time
from collections.abc import Callable
from typing import Any

from allauth.account.views import logout as log_out
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.template.response import TemplateResponse
from django.urls import include, path
from unfold.sites import UnfoldAdminSite

from apps.accounts.pages.entry import may_enter, person
from apps.accounts.selectors.credentials import lacks_second_step
from apps.activity.console import FEW
from apps.activity.selectors.events import seen_events
from apps.common import context as call
from apps.common import ports
from apps.common.admin import BrowseAdmin
from apps.common.rooms import import_everywhere
from apps.ledger.switch import stays_open

LONGEST_SEARCH = 100
SHORTEST_SEARCH = 2


ROOMS = {name: number for number, name in enumerate(settings.INSTALLED_APPS)}


def _room(find: ports.Finder) -> int:
    """A workspace itself is found before what is in it, whatever was loaded first."""
    return ROOMS.get(".".join(find.__module__.split(".")[:2]), len(ROOMS))


class ConsoleSite(UnfoldAdminSite):
    index_title = "Home"

    def register(self, models: Any, admin_class: Any = None, **options: Any) -> None:
        """Ours alone: the pages that libraries register show what ours never do, such as session
        keys, and write past the services."""
        if admin_class is not None and issubclass(admin_class, BrowseAdmin):
            super().register(models, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return may_enter(request.user)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Every page of the console: by session, and with the second step where it is asked."""

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            call.amend(via="session")
            if request.user.is_authenticated and lacks_second_step(person(request)):
                messages.info(request, "Reviewers log in with a second step: set it up first.")
                return redirect("mfa_activate_totp")
            return view(request, *args, **kwargs)

        guarded.csrf_exempt = getattr(view, "csrf_exempt", False)  # type: ignore[attr-defined]
        guarded.stays_open = getattr(view, "stays_open", False)  # type: ignore[attr-defined]
        return super().admin_view(guarded, cacheable)

    def get_urls(self) -> list[Any]:
        for furniture in ("admin", "console"):
            import_everywhere(furniture)
        return [
            path("review/", include("apps.approvals.pages.urls")),
            path("specs/", include("apps.specs.pages.urls")),
            path("files/", include("apps.mirror.pages.urls")),
            path("audit/", include("apps.activity.pages.urls")),
            *super().get_urls(),
        ]

    # --- one way in, one way out: the pages under /accounts/

    def login(self, request: HttpRequest, **_: Any) -> HttpResponse:
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            messages.info(request, "The console is for those who review or manage a workspace.")
            return redirect("account_home")
        wanted = request.GET.get("next") or resolve_url("admin:index")
        return redirect_to_login(wanted, resolve_url("account_login"))

    @stays_open
    def logout(self, request: HttpRequest, **_: Any) -> HttpResponse:
        return log_out(request)

    def password_change(self, *_: Any, **__: Any) -> HttpResponse:
        return redirect("account_change_password")

    # --- what is shown everywhere

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        shown: dict[str, Any] = super().each_context(request)
        if self.has_permission(request):
            shown["notices"] = [found for read in ports.notices for found in read(person(request))]
        return shown

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = [
            {"title": tile.title, "icon": tile.icon, "reading": reading}
            for tile in sorted(ports.tiles, key=lambda tile: tile.order)
            if (reading := tile.read(request.user)) is not None  # type: ignore[arg-type]
        ]
        lately = seen_events(person(request)).order_by("-id")[:FEW]
        return super().index(request, {"tiles": shown, "lately": lately, **(extra_context or {})})

    def search(self, request: HttpRequest, **_: Any) -> HttpResponse:
        """Pages by name, then whatever the apps find, as the person who asks may see it. Nothing
        is cached: what somebody may no longer see is gone at once."""
        words = request.GET.get("s", "").strip()[:LONGEST_SEARCH]
        if len(words) < SHORTEST_SEARCH:
            return HttpResponse()
        began = time.monotonic()
        found: list[Any] = self._search_apps(super().get_app_list(request), words.lower())
        for find in sorted(ports.finders, key=_room):
            found += find(request.user, words)  # type: ignore[arg-type]
        pages = Paginator(found, 100)
        return TemplateResponse(
            request,
            "unfold/helpers/command_results.html",
            {
                "page_obj": pages,
                "results": pages.get_page(request.GET.get("page")),
                "page_counter": 0,
                "execution_time": time.monotonic() - began,
            },
            headers={"HX-Trigger": "search"},
        )
