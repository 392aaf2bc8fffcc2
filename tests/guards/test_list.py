"""guards.toml of each app says all there is to say: `make mutants` believes it."""

import ast
from collections.abc import Iterator
from itertools import chain

import pytest

from tests.architecture.test_rooms import OUR_APPS
from tests.guards.database import constraints, triggers
from tests.guards.listed import lists, of_the_source
from tests.guards.source import locks
from tests.guards.test_refusals import BROKEN, KEYS, REWRITTEN
from tests.migrated import ROOT

LISTED = dict(lists())


@pytest.mark.parametrize("app", OUR_APPS)
def test_every_lock_is_listed_or_set_aside(app):
    listed = LISTED.get(app, {})
    tested, aside = listed.get("locks", {}).keys(), listed.get("aside", {}).keys()
    assert tested | aside == locks(app).keys()
    assert not tested & aside


@pytest.mark.django_db
@pytest.mark.parametrize("app", OUR_APPS)
def test_every_constraint_and_trigger_is_shown_to_refuse(app):
    assert constraints(app) <= KEYS.keys() | BROKEN.keys()
    assert triggers(app) <= REWRITTEN.keys()


def test_what_is_listed_stands_where_it_says_and_is_called_so_once():
    names = [guard.name for guard in of_the_source()]
    assert len(names) == len(set(names)) > 0


def test_without_any_of_them_the_source_is_another_one_and_still_a_program():
    for guard in of_the_source():
        assert guard.place
        whole = (ROOT / guard.place.file).read_text()
        without = guard.place.without(whole)
        assert ast.dump(ast.parse(without)) != ast.dump(ast.parse(whole)), guard.name


def test_every_test_is_there():
    named = {guard.test for guard in of_the_source()}
    missing = {test for test in named if test.partition("[")[0] not in _tests_in(_file_of(test))}
    assert missing == set()


def test_what_is_set_aside_has_a_reason():
    said = chain.from_iterable(listed.get("aside", {}).values() for listed in LISTED.values())
    assert all(len(reason.split()) > 3 for reason in said)


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def _tests_in(file: str) -> set[str]:
    def within(node: ast.AST, name: str) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield f"{name}::{child.name}"
                yield from within(child, f"{name}::{child.name}")

    path = ROOT / file
    return set(within(ast.parse(path.read_text()), file)) if path.exists() else set()
