"""docs/api.md, done to the letter against a real server: every command in it works."""

import json
import subprocess

import httpx
import pytest
from django.core.management import call_command

from tests.pages import shell_blocks
from tests.serving import serving


@pytest.fixture
def newcomer(committed_database, tmp_path, capsys):
    """Where the page's reader stands: a server, and what `make run` left in var/demo.json."""
    call_command("seed_demo", "--json")
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo.json").write_text(capsys.readouterr().out)
    with serving("uvicorn", tmp_path / "server.log", DATABASE_URL=committed_database) as web:
        yield web.url, tmp_path


def test_the_commands_of_the_page_work_in_their_order(newcomer):
    url, folder = newcomer
    script = "".join(shell_blocks("api.md")).replace("http://127.0.0.1:8000", url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert json.loads(done.stdout[done.stdout.rindex('{"error"') :])["error"] == {
        "code": "invalid_api_key",
        "message": "X-API-Key invalid",
        "details": [],
        "request_id": "my-call-7",
    }

    with httpx.Client(base_url=f"{url}/api/v1") as client:
        fresh = json.loads((folder / "tokens.json").read_text())
        bearer = {"Authorization": f"Bearer {fresh['access_token']}"}
        names = [
            found["name"] for found in client.get("/workspaces", headers=bearer).json()["results"]
        ]
        assert names.count("Atelier") == 1

        spent = json.loads((folder / "spent.json").read_text())
        for token in (spent, fresh):
            answer = client.post("/auth/refresh", json={"refresh_token": token["refresh_token"]})
            assert answer.status_code == 401, "a spent token that returns ends the whole login"
