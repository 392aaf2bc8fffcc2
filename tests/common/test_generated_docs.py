"""Pages made from the code are current, and the commands that make them say so."""

import io
import json

import pytest
import yaml
from django.core.management import CommandError, call_command

from config import generated_docs
from config.env import ROOT, Environment


@pytest.mark.parametrize(
    "name",
    [
        "docs/settings.md",
        "docs/errors.md",
        "docs/events.md",
        "docs/policy.schema.json",
        ".env.example",
    ],
)
def test_pages_are_current(name):
    path = ROOT / name
    assert path.read_text() == generated_docs.PAGES[path](), "run manage.py write_docs"


def test_settings_page_names_every_variable():
    page = generated_docs.settings_page()
    example = generated_docs.env_example()
    for field in Environment.model_fields.values():
        first, *others = generated_docs.variables(field)
        assert f"`{first}`" in page
        assert all(f"`{name}`" in page for name in others)
        assert f"\n# {first}=" in example
        assert field.description, first


def test_env_example_changes_nothing_when_copied(tmp_path):
    copied = tmp_path / ".env"
    copied.write_text(generated_docs.env_example())
    assert Environment(_env_file=copied) == Environment(_env_file=None)


def test_env_example_is_what_is_used_without_it(tmp_path, monkeypatch):
    for field in Environment.model_fields.values():
        for name in generated_docs.variables(field):
            monkeypatch.delenv(name, raising=False)
    uncommented = tmp_path / ".env"
    lines = generated_docs.env_example().splitlines()
    assigned = [line.removeprefix("# ") for line in lines if line[2:].split("=")[0].isupper()]
    assert len(assigned) == len(Environment.model_fields)
    uncommented.write_text("\n".join(assigned))
    assert Environment(_env_file=uncommented) == Environment(_env_file=None)


def test_stale_pages_are_named_and_written_again(tmp_path, monkeypatch):
    page = ROOT / "made_by_a_test.md"
    monkeypatch.setattr(generated_docs, "PAGES", {page: lambda: "as the code says"})
    with pytest.raises(CommandError) as refused:
        call_command("write_docs", "--check", stdout=io.StringIO())
    assert refused.value.returncode == 1
    assert not page.exists()
    try:
        out = io.StringIO()
        call_command("write_docs", "--json", stdout=out)
        assert json.loads(out.getvalue()) == {"written": ["made_by_a_test.md"]}
        assert page.read_text() == "as the code says"
        call_command("write_docs", "--check", stdout=io.StringIO())
    finally:
        page.unlink()


def test_exported_description_names_the_public_server(tmp_path, settings):
    target = tmp_path / "openapi.yaml"
    with pytest.raises(CommandError):
        call_command("export_openapi", "--check", "--output", str(target), stdout=io.StringIO())
    call_command("export_openapi", "--output", str(target), stdout=io.StringIO())
    call_command("export_openapi", "--check", "--output", str(target), stdout=io.StringIO())
    assert yaml.safe_load(target.read_text())["servers"] == [{"url": settings.PUBLIC_URL}]
