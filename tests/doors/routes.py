"""Every route of the house: those for machines, and the pages for people."""

import re
from collections.abc import Iterator

from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from tests.tenant import Tenant

NOTHING = "00000000-0000-0000-0000-000000000000"

_BROWSER = re.compile(r"$|activity$|accounts/|admin/|approvals/open/|invitations/")
"""Pages. Without a session of somebody who may, they lead to the login and say nothing."""


def _routes(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLPattern):
            yield route, pattern
        else:
            yield from _routes(pattern, route)


_PATTERNS = dict(_routes(get_resolver()))
ROUTES = sorted(_PATTERNS)
MACHINE_ROUTES = [route for route in ROUTES if not _BROWSER.match(route)]
MACHINE_VIEWS = {
    route: view
    for route in MACHINE_ROUTES
    if (view := getattr(_PATTERNS[route].callback, "view_class", None))
}
PAGE_ROUTES = [route for route in ROUTES if _BROWSER.match(route)]


def pages_of(tenant: Tenant) -> list[str]:
    """The pages as paths: about this tenant where it has what they are about."""
    return [_filled(route, tenant) for route in PAGE_ROUTES]


def _filled(route: str, tenant: Tenant) -> str:
    listed = re.match(r"admin/(\w+)/(\w+)/<path:object_id>", route)
    row = apps.get_model(listed[1], listed[2])._default_manager.first() if listed else None
    ids = {**tenant.ids, "object_id": str(row.pk) if row else "none"}
    # What an expression of Django's own stands for is nowhere here.
    plain = re.sub(r"\(\?P<\w+>[^)]*\)|\$$", "none", route)
    return "/" + re.sub(r"<\w+:(\w+)>", lambda found: ids.get(found[1], NOTHING), plain)
