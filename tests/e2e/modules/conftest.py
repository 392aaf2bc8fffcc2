"""A module of the site's scripts on a page with nothing else, so that its own logic is asked
directly. No server is needed for it: Chromium is handed the files themselves.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Route

from tests.e2e.browsing import Site

NOWHERE = "http://modules.test"


@pytest.fixture
def site(tmp_path) -> Site:
    return Site(NOWHERE, tmp_path / "mail")


@pytest.fixture
def module(page) -> Callable[..., Callable[..., Any]]:
    """`run = module("review/keys.js")`; then `run("step", ["j"], "", "j")` calls what it exports,
    on `page`, whose body may be given."""

    def imported(path: str, *, body: str = "") -> Callable[..., Any]:
        alone = f"<!doctype html><title>A module alone</title><body>{body}</body>"

        def answer(route: Route) -> None:
            route.fulfill(body=alone, content_type="text/html")

        page.route(f"{NOWHERE}/**", answer)
        page.route(f"{NOWHERE}/static/**", _from_disk)
        page.goto("/")
        page.evaluate("async (path) => { await import(path); }", f"/static/{path}")

        def run(name: str, *given: Any) -> Any:
            return page.evaluate(
                "async ([path, name, given]) => (await import(path))[name](...given)",
                [f"/static/{path}", name, list(given)],
            )

        return run

    return imported


def _from_disk(route: Route) -> None:
    name = route.request.url.removeprefix(f"{NOWHERE}/static/")
    route.fulfill(path=settings.BASE_DIR / "static" / name)
