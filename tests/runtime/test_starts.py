"""What each process waits for before it does anything: hundreds of starts add up."""

import subprocess
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from config.env import ROOT

FOR_THE_WEB = {
    "apps.accounts.admin",
    "apps.activity.sockets",
    "apps.specs.console",
    "channels",
    "config.console_site",
    "config.urls",
    "django.test",
    "drf_spectacular.plumbing",
    "rest_framework.views",
    "unfold.admin",
}


def test_what_only_the_web_needs_is_loaded_by_the_web_alone():
    look = "import sys, django; django.setup(); print(*sys.modules)"
    words = [sys.executable, "-c", look]
    loaded = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert FOR_THE_WEB & set(loaded.stdout.split()) == set()


@pytest.mark.django_db
def test_every_command_waits_for_settings_that_can_be_used(settings):
    settings.EMBEDDING_MODEL, settings.EMBEDDING_DIMENSIONS = "elsewhere/any", None
    with pytest.raises(SystemCheckError, match=r"lattice\.E018"):
        call_command("prepare", dry_run=True, skip_checks=False)
