"""What the pages for people say exists: links, commands, targets, decisions."""

import re

import pytest
from django.core.management import get_commands

from config.env import ROOT
from tests.pages import PAGES, named

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def relative_links(page):
    """Each as the file it leads to and the heading in it."""
    for target in LINK.findall(page.read_text()):
        if not re.match(r"[a-z]+:", target):
            path, _, heading = target.partition("#")
            yield (page.parent / path).resolve() if path else page, heading


def headings(page):
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_leads_somewhere(page):
    broken = [
        f"{target}#{heading}"
        for target, heading in relative_links(page)
        if not target.exists() or (heading and heading not in headings(target))
    ]
    assert broken == []


def test_every_picture_is_shown():
    shown = {target for page in PAGES for target, _ in relative_links(page)}
    assert sorted(set((ROOT / "docs" / "images").iterdir()) - shown) == []


def test_every_page_can_be_found_from_the_readme():
    found, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        found.add(page)
        ahead += [
            target
            for target, _ in relative_links(page)
            if target.suffix == ".md" and target.exists() and target not in found
        ]
    assert [named(page) for page in PAGES if page not in found] == []


def test_every_decision_stands_once_under_its_own_number():
    numbers = [path.name[:4] for path in (ROOT / "docs" / "adr").glob("0*.md")]
    assert len(numbers) == len(set(numbers))
    for path in (ROOT / "docs" / "adr").glob("0*.md"):
        assert path.read_text().startswith(f"# {path.name[:4]}: ")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_that_is_named_exists(page):
    commands = re.findall(r"manage\.py ([a-z_]+)", page.read_text())
    assert set(commands) <= set(get_commands())


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_target_that_is_named_can_be_made(page):
    targets = re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    commands = re.findall(r"(?:^ *|`|&& )make ([a-z][a-z0-9-]*)", page.read_text(), re.MULTILINE)
    assert set(commands) <= set(targets)
