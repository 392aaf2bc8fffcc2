"""A real server on a database of the test's own, and Chromium in front of it.

Whatever a page writes to the console as an error, and every request that leaves the server, fails
the test that caused it.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from apps.accounts.choices import Role
from apps.accounts.models import User, Workspace
from apps.accounts.services.demo import REVIEWER
from apps.ledger.services import write_checkpoint
from tests.e2e.browsing import DESKTOP, Site
from tests.factories import PASSWORD, PersonFactory, WorkspaceFactory, at_the_console, member
from tests.serving import Server, serving

CHROMIUM = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
"""Debian's shell of Chromium, which has no windows to draw, takes half the processor."""
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

expect.set_options(timeout=30_000)
"""A slow machine may take its time over what is right; only what is wrong takes this long."""


@pytest.fixture(scope="session")
def stage(tmp_path_factory) -> Iterator[Server]:
    """One server for all tests of a worker: each of them shows it a database of its own."""
    folder = tmp_path_factory.mktemp("stage")
    place = {
        "LATTICE_DATA_DIR": str(folder),
        # What a test seals, the server has to open; and what it signs, to believe.
        "LATTICE_MASTER_KEYS": ",".join(settings.MASTER_KEYS),
        "LATTICE_CHECKPOINT_KEY": settings.CHECKPOINT_KEY,
    }
    log = folder / "server.log"
    with serving("uvicorn", log, application="tests.e2e.stage:application", **place) as server:
        yield server


@pytest.fixture
def restartable(stage, committed_database) -> Server:
    """The server, which a test may kill and start again."""
    stage.environment["DATABASE_URL"] = committed_database
    if stage.process.poll() is None:
        name = connections["default"].settings_dict["NAME"]
        httpx.post(f"{stage.url}/stage/{name}", timeout=60).raise_for_status()
    else:
        stage.start()
    return stage


@pytest.fixture
def site(restartable) -> Site:
    data = Path(restartable.environment["LATTICE_DATA_DIR"])
    for left in (data / "mail", data / "checkpoints"):
        shutil.rmtree(left, ignore_errors=True)
    return Site(restartable.url, data / "mail")


@pytest.fixture(scope="session")
def chromium(django_db_setup) -> Iterator[Browser]:
    """Playwright's loop runs in this thread, where Django would refuse every query."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def faults() -> list[str]:
    """What went wrong in any browser. A test that breaks something takes out what it expects."""
    return []


@pytest.fixture
def open_browser(chromium, site, faults) -> Iterator[Callable[..., Page]]:
    """A fresh browser each time; all of them are watched."""

    def note_console(message: ConsoleMessage) -> None:
        expected = "Failed to load resource: the server responded with a status of 4"
        if message.type == "error" and not message.text.startswith(expected):
            faults.append(f"console: {message.text}")

    def note_request(request: Request) -> None:
        if request.url.startswith(("http", "ws")) and not request.url.startswith(site.url):
            faults.append(f"request to {urlsplit(request.url).netloc}")

    with ExitStack() as open_ones:

        def opened(**options: Any) -> Page:
            context = chromium.new_context(
                **{"base_url": site.url, "viewport": DESKTOP, "reduced_motion": "reduce"} | options
            )
            open_ones.callback(context.close)
            context.set_default_timeout(60_000)
            page = context.new_page()
            page.on("console", note_console)
            page.on("pageerror", lambda error: faults.append(f"script: {error}"))
            page.on("request", note_request)
            return page

        yield opened
    assert faults == []


@pytest.fixture
def page(open_browser) -> Page:
    return open_browser()


@pytest.fixture
def workspace(site) -> Workspace:
    return WorkspaceFactory.create(name="Orchard Street")


@pytest.fixture
def reviewer(workspace) -> User:
    return at_the_console(member(workspace, Role.REVIEWER))


@pytest.fixture
def operator(site) -> User:
    return PersonFactory.create(name="Olga Operator", is_staff=True, is_superuser=True)


@pytest.fixture
def rita(site: Site, settings) -> User:
    """The reviewer of the demo, as whoever starts Lattice meets it."""
    settings.DATA_DIR = site.mail.parent
    call_command("seed_demo")
    settings.CHECKPOINT_DIR = site.mail.parent / "checkpoints"
    write_checkpoint()
    rita = User.objects.get_queryset().get(email=REVIEWER[0])
    rita.set_password(PASSWORD)
    rita.save(update_fields=["password"])
    return rita
