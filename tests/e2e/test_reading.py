"""README.md and docs/, done as their readers do them: in a checkout, before one house that runs."""

import json
import re
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from apps.accounts.choices import Role
from apps.accounts.services.members import add_member
from config.env import ROOT
from tests.e2e.browsing import log_in
from tests.factories import MembershipFactory, PersonFactory
from tests.pages import DONE_BY, PAGES, blocks, named, the_only
from tests.runtime.house import House
from tests.waiting import eventually

pytestmark = [pytest.mark.walk, pytest.mark.timeout(1800)]

LOCAL = "http://127.0.0.1:8000"
PATIENCE = 300
"""Seconds for a page."""

README = (ROOT / "README.md").read_text()
TYPED = sorted(
    (page for page in map(named, PAGES) if blocks(page, "sh") and (page, "sh") not in DONE_BY),
    key=lambda page: README.find(f"({page})"),
)
"""In the order in which README.md names them, and itself first."""


class Reader:
    """Somebody with a checkout beside a house that runs, who has read docs/api.md; and a reviewer,
    who approves what they propose."""

    def __init__(self, house: House, folder: Path) -> None:
        self.url, self.folder = house.url, folder
        facts = house.up().facts()
        works = re.compile("^lattice_workers_consuming [1-9]", re.MULTILINE)
        eventually(lambda: works.search(house.get("/metrics").text), what="a worker")
        self._reviewer = httpx.Client(base_url=f"{self.url}/api/v1/", timeout=60)
        who = {name: facts["reviewer"][name] for name in ("email", "password")}
        token = self._asked("POST", "auth/login", who)["access_token"]
        self._reviewer.headers["Authorization"] = f"Bearer {token}"
        self._knows = house.environment(
            LATTICE=self.url,
            KEY=facts["agent"]["api_key"],
            RITA=token,
            WORKSPACE=facts["workspace"],
        )
        for path in ROOT.iterdir():
            if path.name not in ("var", ".git"):
                (folder / path.name).symlink_to(path)
        (folder / "var").symlink_to(house.data_dir)

    def types(self, page: str) -> str:
        """What is wrong with the page, or nothing."""
        script = "".join(block.text for block in blocks(page, "sh")).replace(LOCAL, self.url)
        said, deadline = self.folder / "said.txt", time.monotonic() + PATIENCE
        with said.open("w") as output:
            reader = subprocess.Popen(
                ["bash", "-euxo", "pipefail", "-c", script],
                cwd=self.folder,
                env=self._knows,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            while reader.poll() is None:
                assert time.monotonic() < deadline, f"{page}: {said.read_text()[-2000:]}"
                self._decides()
                time.sleep(0.5)
        finally:
            reader.kill()
            reader.wait()
        return f"{page}: {said.read_text()[-2000:]}" if reader.returncode else ""

    def leaves(self) -> None:
        self._reviewer.close()

    def _decides(self) -> None:
        waiting = self._asked("GET", "approvals?waiting_on=me&subject_kind=plan")["results"]
        for request in waiting:
            if "hello" not in json.dumps(request):
                continue  # it waits since the seeds
            vote = {"decision": "approve", "digest": request["view_digest"]}
            self._asked("POST", f"approvals/{request['id']}/votes", vote)

    def _asked(self, method: str, path: str, body: dict[str, str] | None = None) -> dict:
        answer = self._reviewer.request(method, path, json=body)
        assert answer.is_success, answer.text
        found: dict = answer.json()
        return found


@pytest.fixture
def reader(tmp_path):
    house = House(tmp_path / "data")
    checkout = tmp_path / "a checkout"
    checkout.mkdir()
    reader = Reader(house, checkout)
    yield reader
    reader.leaves()
    house.down()


def test_whatever_the_pages_tell_to_type_works(reader):
    assert "README.md" in TYPED
    assert "\n".join(filter(None, map(reader.types, TYPED))) == ""
    assert (reader.folder / "plan.patch").read_text().startswith("diff --git a/api/hello.md")


def test_the_script_of_the_page_follows_through_a_restart(
    page, workspace, restartable, operator, faults
):
    MembershipFactory.create(workspace=workspace, user=operator, role=Role.OWNER)

    def comes():
        someone = PersonFactory.create()
        add_member(workspace_id=workspace.id, user=someone, role=Role.VIEWER, actor=operator)

    log_in(page, operator)
    expect(page.get_by_role("heading", name="Home")).to_be_attached()
    page.evaluate(
        f"""(topic) => {{
          {the_only("js", "realtime.md")}
          window.told = [];
          follow(topic, (event) => told.push(event.event_type), () => told.push("reload"));
        }}""",
        f"workspace:{workspace.id}",
    )
    page.wait_for_function("told.length === 1")
    comes()
    page.wait_for_function("told.length === 2")
    restartable.restart()
    comes()
    page.wait_for_function("told.length === 3")
    faults[:] = [fault for fault in faults if "WebSocket connection" not in fault]
    assert page.evaluate("told") == ["reload", "member_added", "member_added"]
