"""Every policy that the documents show is read, and its own tests are run."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from apps.common.yaml.nodes import read_nodes
from apps.policies.documents import document_schema, read_policy
from apps.policies.drafting import templates
from apps.policies.engine.compiling import compile_policy
from apps.policies.engine.examples import run_examples
from apps.policies.errors import PolicyInvalid
from apps.policies.schemas import TemplateValues
from config.env import ROOT

PAGE = (ROOT / "docs" / "policies.md").read_text()
INVALID = ROOT / "docs" / "examples" / "policies" / "invalid.yaml"
FENCED = re.compile(r"^```ya?ml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def shown_policies() -> dict[str, str]:
    found = {
        f"{path.relative_to(ROOT)} {number}": block
        for path in sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])
        for number, block in enumerate(FENCED.findall(path.read_text()))
        if "allowed_dirs:" in block
    }
    files = {*(ROOT / "docs").rglob("*.yaml"), *(ROOT / "docs").rglob("*.yml")} - {INVALID}
    for path in sorted(files):
        if re.search(r"^allowed_dirs:", path.read_text(), re.MULTILINE):
            found[str(path.relative_to(ROOT))] = path.read_text()
    return found


SHOWN = shown_policies()


def test_policies_are_shown():
    assert {"docs/examples/policies/valid.yaml", "docs/policies.md 0"} <= SHOWN.keys()


@pytest.mark.parametrize("name", SHOWN)
def test_a_policy_that_is_shown_is_valid_and_passes_its_tests(name):
    outcomes = run_examples(compile_policy(read_policy(SHOWN[name]), source="docs"))
    assert [(each.name, each.differences) for each in outcomes if not each.passed] == []


def test_the_invalid_sample_is_told_of_where_its_remarks_stand():
    with pytest.raises(PolicyInvalid) as refused:
        read_policy(INVALID.read_bytes(), name="invalid.yaml")
    remarked = [
        number
        for number, line in enumerate(INVALID.read_text().splitlines(), 1)
        if re.search(r"\S +# ", line)
    ]
    assert [fault["line"] for fault in refused.value.details] == remarked
    assert refused.value.status == 422


def test_the_refusal_on_the_page_is_one_that_is_given():
    shown = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])["error"]
    with pytest.raises(PolicyInvalid) as refused:
        read_policy(INVALID.read_bytes())
    assert (shown["code"], shown["message"]) == (refused.value.code, refused.value.text)
    assert all(fault in refused.value.details for fault in shown["details"])


def test_the_page_names_every_field():
    schema = document_schema()
    spoken_of = ["PolicyDocument", "When", "ApprovalStage", "Expected", "Hours", "Llm", "Gate"]
    names = {
        field
        for model in spoken_of
        for field in (schema if model == "PolicyDocument" else schema["$defs"][model])["properties"]
    }
    missing = {name for name in names | set(TemplateValues.model_fields) if f"`{name}`" not in PAGE}
    assert missing == set()
    assert {template.name for template in templates()} == set(
        re.findall(r"^\| `(\w+)` \| .*\n", PAGE.split("Four templates")[1], re.MULTILINE)
    )


@pytest.mark.parametrize("text", [*SHOWN.values(), *(each.text for each in templates())])
def test_the_schema_takes_what_is_read(text):
    jsonschema.validate(read_nodes(text)[0], document_schema())


def test_the_schema_refuses_what_the_form_refuses():
    validator = jsonschema.Draft202012Validator(document_schema())
    plain = read_nodes(INVALID.read_bytes())[0]
    assert {tuple(error.absolute_path)[:1] for error in validator.iter_errors(plain)} == {
        (),
        ("version",),
        ("allowed_dirs",),
        ("llm",),
        ("rules",),
    }


def test_the_policies_that_are_shown_need_no_newer_yaml_to_be_read_by_other_tools():
    for text in SHOWN.values():
        assert yaml.safe_load(text)["version"] == "1"


def test_samples_point_at_the_schema():
    for path in (ROOT / "docs" / "examples" / "policies").iterdir():
        first = path.read_text().splitlines()[0]
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / Path(named)).resolve() == ROOT / "docs" / "policy.schema.json"
