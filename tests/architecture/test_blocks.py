"""No block of code on a page stands there untried: each has a test, or says why it has none."""

import configparser
import json
import re
import tomllib

import jsonschema
import pytest
import yaml

from config.env import ROOT
from tests.pages import DONE_BY, PAGES, Block, blocks, named

ALL = [block for page in PAGES for block in blocks(named(page))]
COMMANDS = r"(make|curl|docker|git|python3?|\S*manage\.py) [\w-]"
TYPED = re.compile(rf"^\s*(?:\S+=\S* )*{COMMANDS}", re.MULTILINE)


def of(language: str) -> list[Block]:
    return [block for block in ALL if block.language == language]


def test_every_block_says_what_it_is_and_text_is_nothing_to_type():
    languages = {
        "sh",
        "python",
        "js",
        "json",
        "yaml",
        "rego",
        "markdown",
        "mermaid",
        "ini",
        "toml",
        "text",
    }
    assert [block.place for block in ALL if block.language not in languages] == []
    assert [block.place for block in of("text") if TYPED.search(block.text)] == []


def test_every_block_is_done_by_a_test_or_says_why_not():
    everywhere = {"sh", "ini", "toml", "json", "text"}  # here, and by tests/e2e/test_reading.py
    assert [
        block.place
        for block in ALL
        if not block.remark
        and block.language not in everywhere
        and (block.page, block.language) not in DONE_BY
    ] == []


@pytest.mark.parametrize(("page", "language"), DONE_BY)
def test_a_test_that_is_said_to_do_a_page_names_it(page, language):
    assert blocks(page, language)
    assert page.removeprefix("docs/") in (ROOT / DONE_BY[page, language]).read_text()


@pytest.mark.parametrize("block", [one for one in ALL if one.remark], ids=lambda one: one.place)
def test_what_is_run_elsewhere_is_run_there(block):
    remark = re.fullmatch(r"not run: .+|run by (\S+)", block.remark)
    assert remark
    if not remark[1]:
        return
    there = (ROOT / remark[1]).read_text()
    commands = re.findall(r"(make [a-z]+|(?<=manage\.py )\w+|(?<=-m )[\w.]+)", block.text)
    assert commands
    said = re.findall(r"\b[A-Z][A-Z_]+(?==)", block.text)
    assert [each for each in [*commands, *said] if each not in there] == []


@pytest.mark.parametrize("block", of("json"), ids=lambda one: one.place)
def test_json_is_json_and_an_error_is_one_of_the_api(block):
    said = json.loads(block.text)
    if "error" in said:
        description = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
        error = {"$ref": "#/components/schemas/Error", "components": description["components"]}
        jsonschema.validate(said, error)


@pytest.mark.parametrize("block", of("ini"), ids=lambda one: one.place)
def test_a_unit_starts_what_there_is(block):
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(block.text)
    command = unit["Service"]["ExecStart"].removeprefix(unit["Service"]["WorkingDirectory"] + "/")
    assert re.fullmatch(r"\.venv/bin/python manage\.py (up|run %i)", command)
    assert unit["Unit"]["Description"]


@pytest.mark.parametrize("block", of("toml"), ids=lambda one: one.place)
def test_toml_is_toml(block):
    assert tomllib.loads(block.text)
