"""The description of the API is whole, sound and the one that is in docs/."""

import json

import pytest
import yaml
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import OpenAPIV31SpecValidator

from apps.common.api.documents import describe_api
from apps.common.errors import DomainError
from config.env import ROOT
from config.generated_docs import all_errors

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture(scope="module")
def description():
    GENERATOR_STATS.reset()
    return json.loads(json.dumps(describe_api()))


@pytest.fixture(scope="module")
def operations(description):
    return {
        f"{method.upper()} {path}": operation
        for path, item in description["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_description_is_openapi_3_1(description):
    assert description["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(description).validate()


def test_making_it_warns_of_nothing(description):
    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_file_in_docs_is_current(description):
    in_docs = yaml.load((ROOT / "docs" / "openapi.yaml").read_bytes(), yaml.CSafeLoader)
    assert {**in_docs, "servers": []} == {**description, "servers": []}, "run manage.py write_docs"


def test_every_operation_has_a_summary_of_its_own(operations):
    bare = [name for name, operation in operations.items() if not operation.get("summary")]
    assert bare == []


def test_every_operation_says_who_may_call(operations, description):
    schemes = set(description["components"].get("securitySchemes", {}))
    for name, operation in operations.items():
        assert operation["security"], name
        for requirement in operation["security"]:
            assert set(requirement) <= schemes, name


def test_each_credential_is_enough_by_itself(operations):
    for name, operation in operations.items():
        assert all(len(requirement) <= 1 for requirement in operation["security"]), name
    assert {"apiKey": []} in operations["GET /api/v1/realtime/feed"]["security"]


def test_every_operation_has_a_tag_that_is_explained(operations, description):
    explained = {tag["name"]: tag["description"] for tag in description["tags"]}
    untold = {tag for found in operations.values() for tag in found["tags"] if tag not in explained}
    assert untold == set()


def test_every_operation_lists_its_errors(operations, description):
    for name, operation in operations.items():
        needed = {"400", "406", "429", "503"}
        if operation["security"] != [{}]:
            needed |= {"401", "403"}
        if "requestBody" in operation:
            needed |= {"413", "415", "422"}
        assert needed <= set(operation["responses"]), name
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                whole = _resolved(response, description)
                schema = whole["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Error"}, name


def test_every_body_has_an_example(operations, description):
    for name, operation in operations.items():
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for content in _resolved(body, description).get("content", {}).values():
                assert "example" in content or content.get("examples"), name


def test_examples_of_errors_name_known_codes(description):
    known = {kind.code for kind in all_errors()}
    found = set(_codes(description))
    assert found
    assert found <= known


def test_codes_are_unique_and_statuses_are_errors():
    kinds = all_errors()
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes))
    assert all(400 <= kind.status <= 599 for kind in kinds)
    assert all(kind.message != DomainError.message for kind in kinds)


def _resolved(part, description):
    if "$ref" not in part:
        return part
    found = description
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def _codes(part):
    if isinstance(part, dict):
        error = part.get("error")
        if isinstance(error, dict) and isinstance(error.get("code"), str):
            yield error["code"]
        for inner in part.values():
            yield from _codes(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _codes(inner)


def test_whoever_asks_is_told_the_same(description, client):
    for path in ("/api/v1/schema", "/api/v1/schema?lang=de", "/api/v1/schema"):
        answer = client.get(path, headers={"Accept": "application/vnd.oai.openapi+json"})
        assert json.loads(answer.content) == description
