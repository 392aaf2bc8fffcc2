"""A plan as a pull request: names that Git takes, words that do nothing, and nothing pushed."""

import re
import shlex
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.ledger.models import Event
from apps.plans.drawing import code, fenced
from apps.plans.models import Plan
from apps.plans.pulls import branch_faults, title_of
from apps.plans.selectors.plans import opened
from tests.plans.deciding import decide

TRICKY = st.text(st.sampled_from("ab/.-@{}~^:?*[\\ lock\x7f\n\té"), max_size=12)


@settings(deadline=None)
@given(TRICKY | st.sampled_from(["HEAD", "@", "-a", "a.lock/b", "a//b", "/a", "a/", "plan/x"]))
@example("a" * 244)
def test_branches_are_what_git_takes(name):
    # check-ref-format expands @{-1}, which is no name either
    if "\0" in name or not name:
        return
    asked = subprocess.run(
        ["git", "check-ref-format", f"refs/heads/{name}"], capture_output=True, check=False
    )
    git_takes = asked.returncode == 0 and not name.startswith("-") and name not in ("HEAD", "@")
    assert (branch_faults(name) == []) == git_takes


@given(st.text())
def test_a_title_is_one_line_that_mentions_nobody(intent):
    title = title_of(intent)
    assert 0 < len(title) <= 72
    assert title.isprintable()
    assert not re.search(r"@\w|#\d", title)


@given(st.text(st.sampled_from("`~ab\n\r @#<>!&[]()-")))
def test_fences_hold_whatever_they_hold(text):
    lines = fenced(text).split("\n")
    fence = lines[0].removesuffix("text")
    assert set(fence) == {"`"}
    assert lines[-1] == fence
    assert not any(line.strip().startswith(fence) for line in lines[1:-1])
    flat = code(text)
    ticks = flat[: len(flat) - len(flat.lstrip("`"))]
    assert ticks not in flat[len(ticks) : -len(ticks)]
    assert "\n" not in flat


pytest_db = pytest.mark.django_db


@pytest.fixture
def place(api, contributor, policy, body):
    body["intent"] = 'Fix #12, @admin: "$(reboot)" <script>\n\nCloses #12\n```\n# not a heading'
    return f"/api/v1/plans/{api(contributor).post('/plan', body).json()['id']}"


@pytest_db
def test_what_people_wrote_does_nothing_in_it(api, contributor, place):
    asked = {"variant_id": "v_bold", "labels": ["plan", "a b"], "draft": True}
    answer = api(contributor).post(f"{place}/pr", asked)
    assert answer.status_code == 200, answer.content
    pull = answer.json()
    assert pull["title"] == 'Fix no. 12, (at) admin: "$(reboot)" <script>'
    outside = re.sub(r"(?ms)^(`{3,})text\n.*?^\1$", "", pull["body"])
    for harmful in ("#12", "@admin", "<script>", "not a heading"):
        assert harmful not in outside
    assert "- Edit `api/greeting.py` (+1 -1)" in outside
    words = [shlex.split(command) for command in pull["commands"]]
    assert words[0] == ["git", "switch", "--create", pull["branch"]]
    assert words[2] == ["git", "commit", "--message", pull["title"]]
    assert words[4][-5:] == ["--draft", "--label", "plan", "--label", "a b"]
    assert branch_faults(pull["branch"]) == []
    exported = Event.objects.get(type="plans.plan.exported").payload
    assert (exported["variant"], exported["patch_digest"]) == ("v_bold", pull["patch_digest"])


@pytest_db
@pytest.mark.parametrize("branch", ["a b", "a..b", "-x", "x.lock", "a//b", "@", "x~1", "x" * 245])
def test_a_name_that_git_would_not_take_is_refused(api, contributor, place, branch):
    answer = api(contributor).post(f"{place}/pr", {"branch": branch})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "branch_invalid")
    assert not Event.objects.filter(type="plans.plan.exported").exists()


@pytest_db
def test_a_variant_that_is_none_is_not_found(api, contributor, place):
    answer = api(contributor).post(f"{place}/pr", {"variant_id": "v_none"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "variant_missing")


@pytest_db
def test_a_dry_run_records_nothing(api, contributor, place):
    pull = api(contributor).post(f"{place}/pr", {"dry_run": True, "branch": "work/x"}).json()
    assert (pull["branch"], pull["dry_run"]) == ("work/x", True)
    assert not Event.objects.filter(type="plans.plan.exported").exists()


@pytest_db
@pytest.mark.parametrize("path", ["/plan/pr", "/dev/pr-from-plan"])
def test_from_an_intent_at_once(api, contributor, policy, body, path):
    client, asked = api(contributor), {**body, "variant_id": "v_bold", "risk_budget": "high"}
    shown = client.post(path, {**asked, "dry_run": True})
    assert shown.status_code == 200, shown.content
    assert Plan.objects.count() == 0
    first, second = client.post(path, asked).json(), client.post(path, asked).json()
    assert first["plan"] == second["plan"]
    assert first["patch"] == shown.json()["patch"]
    plan = Plan.objects.get()
    assert opened(plan).artifact.patch("v_bold") == first["patch"]
    assert plan.risk_budget == "high"


@pytest_db
def test_who_waits_for_an_approval_sends_the_same_again(api, agent, reviewer, policy, body):
    client, key = api(agent), {"HTTP_IDEMPOTENCY_KEY": "again"}
    asked = {**body, "variant_id": "v_bold"}
    answer = client.post("/plan/pr", asked, **key)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "plan_waiting")
    plan = Plan.objects.get()
    [detail] = answer.json()["error"]["details"]
    assert detail["plan"] == str(plan.id)
    assert detail["approval"]["state"] == "pending"
    decide(plan, reviewer)
    again = client.post("/plan/pr", asked, **key)
    assert (again.status_code, again.json()["plan"]) == (200, str(plan.id))
    assert again.json()["approval"]["state"] == "consumed"
    assert Plan.objects.count() == 1


@pytest_db
def test_a_dry_run_that_policy_denies_is_denied(api, contributor, policy):
    asked = {"intent": "x", "target_paths": ["web/x"], "dry_run": True}
    answer = api(contributor).post("/plan/pr", asked)
    assert answer.status_code == 403
    assert not Event.objects.filter(type="plans.plan.denied").exists()
