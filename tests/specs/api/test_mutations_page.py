"""docs/mutations.md, done to the letter: every command in it works."""

import subprocess

import pytest
from django.core.management import call_command

from apps.specs.models.graph import Node
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver
from tests.pages import shell_blocks
from tests.serving import serving
from tests.waiting import eventually


@pytest.fixture(autouse=True)
def policy():
    """The demo's own."""


@pytest.mark.timeout(240)
def test_the_commands_of_the_page_work_in_their_order(committed_database, tmp_path, capsys):
    call_command("seed_demo", "--json")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.json").write_text(capsys.readouterr().out)
    with serving("uvicorn", tmp_path / "server.log", DATABASE_URL=committed_database) as web:
        script = "".join(shell_blocks("mutations.md")).replace("http://127.0.0.1:8000", web.url)
        reader = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

        def has_read():
            deliver()
            return reader.poll() is not None

        try:
            eventually(has_read, within=180, what="the page is read")
        finally:
            reader.kill()
            said, _ = reader.communicate()
        assert reader.returncode == 0, said
        assert "allowed\n1\n" in said
        assert Node.objects.get(key="REQ-REFUNDS-1").labels == ["refunds"]
        states = Proposal.objects.order_by("id").values_list("state", flat=True)
        assert [*states] == ["applied", "superseded", "withdrawn", "in_review", "in_review"]
