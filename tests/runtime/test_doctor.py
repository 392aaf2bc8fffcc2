"""Whatever the doctor finds unwell, it says what to do."""

import json
from io import StringIO

import pytest
from django.core import checks
from django.core.management import CommandError, call_command

from apps.common.management.commands import doctor as command
from apps.common.ports import Finding, Health
from apps.common.runtime import doctor
from apps.common.runtime.errors import ServiceError
from apps.inference import vitals
from apps.inference.embedders.local import LocalModel


@pytest.mark.parametrize("health", [Health.WARN, Health.FAIL])
def test_what_is_not_well_cannot_be_told_without_what_to_do(health):
    with pytest.raises(ValueError, match="fix"):
        Finding("disk", health, "full")
    assert Finding("disk", Health.OK, "empty").fix == ""


@pytest.mark.parametrize("hint", [None, "", "Set it."])
def test_a_setting_that_django_gives_no_hint_about_is_looked_up(monkeypatch, hint):
    said = checks.Warning("It is odd.", hint=hint, id="security.W004")
    monkeypatch.setattr(checks, "run_checks", lambda **_: [said])
    [found] = doctor._settings()
    assert found.fix == (
        hint or "Look up security.W004: https://docs.djangoproject.com/en/5.2/ref/checks/."
    )


def test_services_that_do_not_start_are_told_with_where_to_look(monkeypatch, settings):
    def nothing_starts():
        raise ServiceError("PostgreSQL's initdb failed.")

    monkeypatch.setattr(command, "embedded_services", nothing_starts)
    monkeypatch.setattr(command, "examine", list)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("doctor", "--json", stdout=out)
    [found] = json.loads(out.getvalue())["findings"]
    assert (found["subject"], found["health"]) == ("services", "fail")
    assert str(settings.DATA_DIR / "logs") in found["fix"]


def test_a_model_whose_vectors_have_another_length_is_told_with_what_to_do(monkeypatch):
    monkeypatch.setattr(LocalModel, "dimensions", 3)
    [found] = vitals.examine_embeddings()
    assert found.health == Health.FAIL
    assert "384" in found.text
    assert "make install" in found.fix
