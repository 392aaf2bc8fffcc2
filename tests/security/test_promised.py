"""docs/security.md is true: what it says stands against an attack exists, and so do the tests."""

import re

import pytest

from config.env import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
ATTACKS = re.findall(
    r"^\| (.*?) \| (.*?) \| (.*?) \|$",
    PAGE.partition("## Attacks we expect")[2].partition("\n## ")[0],
    re.MULTILINE,
)[2:]


def test_there_are_attacks():
    assert len(ATTACKS) > 30


@pytest.mark.parametrize(
    ("defence", "tests"), [a[1:] for a in ATTACKS], ids=[a[0] for a in ATTACKS]
)
def test_each_attack_has_a_defence_and_a_test(defence, tests):
    modules = re.findall(r"`((?:apps|config)/[^`]*)`", defence)
    named = re.findall(r"`(tests/[^`]*)::(test_\w+)`", tests)
    assert modules
    assert named
    assert [module for module in modules if not (ROOT / module).exists()] == []
    missing = [
        f"{file}::{name}" for file, name in named if not re.search(rf"def {name}\(", _text_of(file))
    ]
    assert missing == []


def _text_of(file: str) -> str:
    path = ROOT / file
    return path.read_text() if path.exists() else ""
