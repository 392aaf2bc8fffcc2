"""The shape of the house: what import-linter cannot say about it, and that the linter bites.

A contract with a misspelt wildcard passes in silence, so each is shown a planted violation.
"""

import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from django.apps import apps

from config.env import ROOT

PRIVATE_ROOMS = {
    "admin",
    "api",
    "console",
    "consumers",
    "management",
    "models",
    "pages",
    "routing",
    "rules",
    "schemas",
    "tasks",
}
OUR_APPS = sorted(path.name for path in (ROOT / "apps").iterdir() if (path / "apps.py").exists())

# A later room may read the models of the two at the bottom, as rows are what foreign keys point at,
# and make its pages of what these make theirs of.
OPEN = re.compile(
    r"apps\.(accounts\.models|ledger\.models|accounts\.pages"
    r"|approvals\.pages\.parts|specs\.pages\.page)\b"
)


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("apps", "config", cache_dir=None)


def test_every_app_is_installed_and_every_installed_app_is_a_room():
    installed = {config.name for config in apps.get_app_configs()}
    assert {f"apps.{name}" for name in OUR_APPS} <= installed


def test_nobody_reaches_into_the_private_rooms_of_another_app(graph):
    reaches = []
    for importer in graph.modules:
        if not importer.startswith("apps."):
            continue
        home = importer.split(".")[1]
        for imported in graph.find_modules_directly_imported_by(importer):
            parts = imported.split(".")
            foreign = len(parts) > 2 and parts[0] == "apps" and parts[1] not in (home, "common")
            if foreign and parts[2] in PRIVATE_ROOMS and not OPEN.match(imported):
                reaches.append(f"{importer} imports {imported}")
    assert reaches == []


def test_nobody_imports_from_a_conftest():
    """pytest alone reads them: what tests call stands in a module that says what it is."""
    imported = re.compile(r"^\s*(from|import) tests\b.*\bconftest\b", re.MULTILINE)
    importing = [
        str(path.relative_to(ROOT))
        for folder in ("tests", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if imported.search(path.read_text())
    ]
    assert importing == []


def test_packages_do_not_speak_for_their_modules():
    speaking = [
        str(path.relative_to(ROOT))
        for folder in ("apps", "config", "tests")
        for path in (ROOT / folder).rglob("__init__.py")
        if path.read_text().strip()
    ]
    assert speaking == []


def test_names_explain_themselves():
    forbidden = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|base2|stuff)$")
    vague = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "apps").rglob("*.py")
        if forbidden.search(path.stem)
    ]
    assert vague == []


def test_every_module_says_what_lives_in_it():
    silent = [
        str(path.relative_to(ROOT))
        for folder in ("apps", "config", "bench")
        for path in (ROOT / folder).rglob("*.py")
        if path.name not in ("__init__.py", "apps.py")
        and "migrations" not in path.parts
        and not path.read_text().lstrip("#! \n/abcdefghijklmnopqrstuvwxyz3").startswith('"""')
        and '"""' not in path.read_text()[:400]
    ]
    assert silent == []


def test_files_stay_small_enough_to_hold_in_the_head():
    large = {
        str(path.relative_to(ROOT)): lines
        for folder in ("apps", "config")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 450
    }
    assert large == {}


PLANTED = [
    ("apps/common/planted.py", "import apps.ledger.models", "A room imports only"),
    ("apps/ledger/planted.py", "import apps.accounts.models", "A room imports only"),
    ("apps/ledger/rules.py", "import apps.ledger.services", "furniture leans only downwards"),
    ("apps/accounts/events.py", "import apps.accounts.services", "furniture leans only downwards"),
    ("apps/specs/services/closing.py", "import apps.specs.pages", "furniture leans only downwards"),
    ("apps/accounts/pages/entry.py", "import apps.accounts.admin", "leans only downwards"),
    ("apps/ledger/services.py", "import rest_framework.views", "knows no framework"),
    ("apps/accounts/selectors/standing.py", "import celery", "knows no framework"),
    ("apps/common/planted.py", "import config.env", "do not know the house"),
    ("apps/accounts/planted.py", "import apps.common.api.planted", "Only config mounts"),
]


@pytest.mark.parametrize(("module", "line", "contract"), PLANTED)
def test_a_planted_violation_breaks_its_contract(module, line, contract, tmp_path):
    subprocess.run(["cp", "-r", ROOT / "apps", ROOT / "config", tmp_path], check=True)
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    target = tmp_path / module
    target.write_text((target.read_text() if target.exists() else "") + f"\n{line}\n")
    for needed in re.findall(r"apps[\w.]*", line):
        path = tmp_path / needed.replace(".", "/")
        if not path.exists() and not path.with_suffix(".py").exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.with_suffix(".py").touch()
    linted = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    broken = [text for text in linted.stdout.splitlines() if "BROKEN" in text]
    assert linted.returncode == 1, linted.stdout + linted.stderr
    assert any(contract in text for text in broken), linted.stdout
