"""Who pulls the kill switch, by which door, and what everybody sees of it."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role, Scope
from apps.accounts.services.sessions import open_session
from apps.accounts.services.workspaces import rename_workspace
from apps.common.errors import Invalid, NotAllowed, NotFound
from apps.ledger.errors import KillSwitchOn
from apps.ledger.models import Event, KillSwitch
from apps.ledger.services import SYSTEM_WORKSPACE
from apps.ledger.switch import EVERYWHERE, is_on
from apps.policies.errors import KillSwitchHeld
from apps.policies.services.switching import pull_switch, release_switch
from apps.policies.vitals import examine_switches, switch_levels
from tests.factories import WorkspaceFactory, agent_of, at_the_console, issue, member

WHY = "An agent went wild"
PULLED, RELEASED = "policies.switch.pulled", "policies.switch.released"


def recorded():
    return [
        (event.type, event.workspace_id, event.actor_id, event.payload)
        for event in Event.objects.filter(type__startswith="policies.switch").order_by("id")
    ]


def in_api(person, workspace=None):
    headers = {"Authorization": f"Bearer {open_session(person=person).access_token}"}
    if workspace:
        headers["X-Workspace-Id"] = str(workspace.id)
    return Client(headers=headers)


def turn(client, **body):
    return client.post("/api/v1/kill-switch", body, content_type="application/json")


class TestRights:
    @pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
    def test_managers_stop_their_workspace_and_let_it_go_on(self, workspace, role):
        manager = member(workspace, role)
        pull_switch(workspace_id=workspace.id, reason=f" {WHY}\n", actor=manager)
        switch = KillSwitch.objects.get()
        assert (switch.reason, switch.pulled_by) == (WHY, manager.id)
        with pytest.raises(KillSwitchOn):
            rename_workspace(workspace_id=workspace.id, name="New", actor=manager)
        assert release_switch(workspace_id=workspace.id, reason="Over", actor=manager)
        rename_workspace(workspace_id=workspace.id, name="New", actor=manager)
        assert recorded() == [
            (PULLED, workspace.id, manager.id, {"scope": "workspace", "reason": WHY}),
            (RELEASED, workspace.id, manager.id, {"scope": "workspace", "reason": "Over"}),
        ]

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.CONTRIBUTOR, Role.VIEWER])
    def test_others_do_not(self, workspace, role):
        with pytest.raises(NotAllowed):
            pull_switch(workspace_id=workspace.id, reason=WHY, actor=member(workspace, role))
        assert not KillSwitch.objects.exists()
        assert recorded() == []

    def test_no_agent_does_whatever_its_role(self, workspace, owner):
        agent = agent_of(owner, workspace, Role.ADMIN)
        with pytest.raises(NotAllowed):
            pull_switch(workspace_id=workspace.id, reason=WHY, actor=agent)

    def test_strangers_do_not_learn_that_the_workspace_is_there(self, workspace):
        stranger = member(WorkspaceFactory.create(), Role.OWNER)
        with pytest.raises(NotFound):
            pull_switch(workspace_id=workspace.id, reason=WHY, actor=stranger)

    def test_only_operators_stop_everything(self, owner, operator):
        with pytest.raises(NotAllowed):
            pull_switch(reason=WHY, actor=owner)
        pull_switch(reason=WHY, actor=operator)
        with pytest.raises(NotAllowed):
            release_switch(reason="Over", actor=owner)
        assert is_on()
        payload = {"scope": "everything", "reason": WHY}
        assert recorded() == [(PULLED, SYSTEM_WORKSPACE, operator.id, payload)]

    def test_an_operators_key_for_one_workspace_does_not_stop_everything(self, owner, workspace):
        owner.is_superuser, owner.confined_to = True, workspace.id
        with pytest.raises(NotAllowed):
            pull_switch(reason=WHY, actor=owner)
        pull_switch(workspace_id=workspace.id, reason=WHY, actor=owner)

    def test_a_manager_releases_their_workspace_while_everything_is_stopped(
        self, workspace, owner, operator
    ):
        pull_switch(workspace_id=workspace.id, reason=WHY, actor=owner)
        pull_switch(reason="Worse", actor=operator)
        release_switch(workspace_id=workspace.id, reason="Ours is over", actor=owner)
        assert is_on(workspace.id)
        assert KillSwitch.objects.get().workspace_id == EVERYWHERE


def test_what_is_on_stays_as_it_was_pulled(workspace, owner):
    other = member(workspace, Role.ADMIN)
    pull_switch(workspace_id=workspace.id, reason=WHY, actor=owner)
    again = pull_switch(workspace_id=workspace.id, reason="Me too", actor=other)
    assert (again.reason, again.pulled_by) == (WHY, owner.id)
    assert len(recorded()) == 1


def test_releasing_what_is_off_is_no_news(workspace, owner):
    assert not release_switch(workspace_id=workspace.id, reason="Over", actor=owner)
    assert recorded() == []


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_a_reason_is_asked_for(workspace, owner, reason):
    with pytest.raises(Invalid):
        pull_switch(workspace_id=workspace.id, reason=reason, actor=owner)
    assert not KillSwitch.objects.exists()


class TestEnvironment:
    def test_nothing_inside_releases_it(self, operator, settings):
        client = in_api(operator)
        pull_switch(reason=WHY, actor=operator)
        settings.KILL_SWITCH = True
        with pytest.raises(KillSwitchHeld):
            release_switch(reason="Over", actor=operator)
        with pytest.raises(CommandError, match="environment holds"):
            call_command("kill_switch", "off", "--reason", "Over")
        answered = turn(client, on=False, scope="everything", reason="Over")
        assert answered.status_code == 409
        assert answered.json()["error"]["code"] == "kill_switch_held"
        assert is_on()

    def test_a_server_starts_under_it_and_makes_nothing(self, db, settings, tmp_path):
        settings.KILL_SWITCH, settings.DATA_DIR = True, tmp_path
        settings.INIT_EMAIL, settings.INIT_PASSWORD = "first@example.org", "long enough indeed"
        for command in ("init", "seed_demo"):
            out = StringIO()
            call_command(command, stdout=out)
            assert "kill switch is on" in out.getvalue()
        assert not Event.objects.exists()


class TestApi:
    def test_a_manager_pulls_and_releases_it(self, workspace, owner):
        client = in_api(owner, workspace)
        answered = turn(client, on=True, reason=WHY)
        assert answered.status_code == 200
        (shown,) = answered.json()["on"]
        assert shown["scope"] == "workspace"
        assert shown["workspace_id"] == str(workspace.id)
        assert (shown["reason"], shown["pulled_by"]) == (WHY, str(owner.id))
        refused = client.patch(
            f"/api/v1/workspaces/{workspace.id}", {"name": "N"}, content_type="application/json"
        )
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "kill_switch"
        assert turn(client, on=False, reason="Over").json()["on"] == []

    def test_an_operator_pulls_and_releases_that_of_everything(self, operator):
        client = in_api(operator)
        turned = turn(client, on=True, scope="everything", reason=WHY)
        assert turned.json()["on"][0]["scope"] == "everything"
        assert turned.json()["on"][0]["workspace_id"] is None
        assert turn(client, on=False, scope="everything", reason="Over").json()["on"] == []

    def test_members_see_what_concerns_them(self, workspace, owner, operator):
        viewer, other = in_api(member(workspace, Role.VIEWER)), WorkspaceFactory.create()
        for place in (workspace.id, other.id, EVERYWHERE):
            pull_switch(workspace_id=place, reason=WHY, actor=operator)
        seen = viewer.get("/api/v1/kill-switch").json()["on"]
        assert [row["workspace_id"] for row in seen] == [None, str(workspace.id)]

    def test_an_agent_reads_why_it_is_refused(self, workspace, owner, operator):
        key = issue(agent_of(owner, workspace), workspace)
        pull_switch(reason=WHY, actor=operator)
        (shown,) = Client(headers={"X-API-Key": key}).get("/api/v1/kill-switch").json()["on"]
        assert shown["reason"] == WHY

    def test_a_key_that_may_not_manage_does_not(self, workspace, owner):
        key = issue(owner, workspace, Scope.READ, Scope.WRITE)
        answered = turn(Client(headers={"X-API-Key": key}), on=True, reason=WHY)
        assert answered.status_code == 403
        assert not KillSwitch.objects.exists()

    def test_a_repeated_request_repeats_the_answer(self, workspace, owner):
        client = in_api(owner, workspace)
        for _ in range(2):
            answered = client.post(
                "/api/v1/kill-switch",
                {"on": True, "reason": WHY},
                content_type="application/json",
                headers={"Idempotency-Key": "pull-1"},
            )
            assert answered.status_code == 200
        assert len(recorded()) == 1

    def test_a_stopped_workspace_leaves_others_alone(self, workspace, owner):
        pull_switch(workspace_id=workspace.id, reason=WHY, actor=owner)
        other = WorkspaceFactory.create()
        client = in_api(member(other, Role.OWNER), other)
        place = f"/api/v1/workspaces/{other.id}"
        answered = client.patch(place, {"name": "N"}, content_type="application/json")
        assert answered.status_code == 200

    def test_a_stranger_pulls_no_switch_but_their_own(self, workspace):
        stranger = member(WorkspaceFactory.create(), Role.OWNER)
        answered = turn(in_api(stranger, workspace), on=True, reason=WHY)
        assert answered.status_code == 403
        assert not KillSwitch.objects.exists()


class TestCommand:
    def say(self, *words):
        out = StringIO()
        call_command("kill_switch", *words, "--json", stdout=out)
        return json.loads(out.getvalue())

    def test_it_turns_that_of_everything(self, db):
        (shown,) = self.say("on", "--reason", WHY)["on"]
        assert (shown["workspace"], shown["reason"]) == (None, WHY)
        assert self.say("status")["on"] == [shown]
        assert self.say("off", "--reason", "Over")["on"] == []
        assert Event.objects.get(type=PULLED).via == "command:kill_switch"

    def test_it_turns_that_of_one_workspace(self, workspace):
        self.say("on", "--workspace", str(workspace.id), "--reason", WHY)
        assert is_on(workspace.id)
        assert not is_on()

    def test_it_says_what_it_would_do_and_does_nothing(self, db):
        told = self.say("on", "--reason", WHY, "--dry-run")
        assert (told["would"], told["on"]) == ("stop", [])
        assert not is_on()
        assert self.say("off", "--reason", "Over", "--dry-run")["would"] is None
        self.say("on", "--reason", WHY)
        assert self.say("on", "--reason", WHY, "--dry-run")["would"] is None
        assert self.say("off", "--reason", "Over", "--dry-run")["would"] == "release"
        assert is_on()

    def test_it_says_in_words_what_it_would_do(self, workspace):
        for words, said in (
            (("on",), "Everything would be stopped."),
            (("off",), "Nothing would change"),
            (("on", "--workspace", str(workspace.id)), f"Workspace {workspace.id} would be"),
        ):
            out = StringIO()
            call_command("kill_switch", *words, "--reason", WHY, "--dry-run", stdout=out)
            assert said in out.getvalue()

    def test_a_trial_is_refused_what_would_be_refused(self, db, settings):
        for words in (("--workspace", str(uuid4()), "--reason", WHY), ("--reason", "x" * 501)):
            with pytest.raises(CommandError):
                call_command("kill_switch", "on", *words, "--dry-run")
        settings.KILL_SWITCH = True
        with pytest.raises(CommandError):
            call_command("kill_switch", "off", "--reason", "Over", "--dry-run")

    def test_it_asks_why(self, db):
        with pytest.raises(CommandError, match="Say why") as refusal:
            call_command("kill_switch", "on")
        assert refusal.value.returncode == 2
        assert not is_on()

    def test_an_unknown_workspace_is_named(self, db):
        with pytest.raises(CommandError):
            call_command("kill_switch", "on", "--workspace", str(uuid4()), "--reason", WHY)

    def test_other_commands_that_write_are_stopped(self, db, operator):
        pull_switch(reason=WHY, actor=operator)
        with pytest.raises(CommandError, match="Service disabled"):
            call_command("rotate_keys")


@pytest.fixture
def reviewer(workspace):
    return at_the_console(member(workspace, Role.REVIEWER))


@pytest.fixture
def manager(owner):
    at_the_console(owner)
    return owner


def press(client, name, *args, **asked):
    return client.post(reverse(f"admin:ledger_killswitch_{name}", args=args), asked, follow=True)


class TestConsole:
    def test_every_page_says_who_pulled_it_and_why(self, client, reviewer, operator):
        pull_switch(reason=WHY, actor=operator)
        client.force_login(reviewer)
        for page in ("index", "accounts_workspace_changelist", "ledger_killswitch_changelist"):
            shown = client.get(reverse(f"admin:{page}")).content.decode()
            assert f"Everything is stopped: {WHY}" in shown
            assert "Kill switch pulled by Olga Operator" in shown

    def test_no_page_says_anything_while_it_is_off(self, client, reviewer):
        client.force_login(reviewer)
        assert b'class="stopped"' not in client.get(reverse("admin:index")).content

    def test_other_workspaces_are_none_of_ones_business(self, client, reviewer, operator):
        foreign = WorkspaceFactory.create(name="Foreign")
        pull_switch(workspace_id=foreign.id, reason=WHY, actor=operator)
        client.force_login(reviewer)
        assert WHY not in client.get(reverse("admin:ledger_killswitch_changelist")).content.decode()

    def test_it_asks_for_a_reason_and_a_yes(self, client, manager, workspace):
        client.force_login(manager)
        page = press(client, "pull", place=str(workspace.id), reason=WHY)
        assert "Say that you mean it." in page.content.decode()
        press(client, "pull", place=str(workspace.id), sure="on")
        assert not KillSwitch.objects.exists()
        page = press(client, "pull", place=str(workspace.id), reason=WHY, sure="on")
        assert KillSwitch.objects.get().workspace_id == workspace.id
        assert f"Orchard is stopped: {WHY}" in page.content.decode()

    def test_a_manager_cannot_choose_everything(self, client, manager):
        client.force_login(manager)
        press(client, "pull", place=str(EVERYWHERE), reason=WHY, sure="on")
        assert not KillSwitch.objects.exists()

    def test_a_reviewer_has_no_button(self, client, reviewer, workspace):
        client.force_login(reviewer)
        page = press(client, "pull", place=str(workspace.id), reason=WHY, sure="on")
        assert page.status_code == 403
        assert not KillSwitch.objects.exists()

    def test_an_operator_releases_it_there_while_it_is_on(self, client, operator):
        pull_switch(reason=WHY, actor=operator)
        client.force_login(operator)
        press(client, "release", EVERYWHERE, reason="Over")
        assert not KillSwitch.objects.exists()
        assert recorded()[-1][3] == {"scope": "everything", "reason": "Over"}

    def test_a_reviewer_does_not_release_it(self, client, reviewer, operator):
        pull_switch(reason=WHY, actor=operator)
        client.force_login(reviewer)
        assert press(client, "release", EVERYWHERE, reason="Over").status_code == 403
        assert is_on()


def test_the_doctor_and_prometheus_are_told(workspace, owner, operator, settings):
    (finding,) = examine_switches()
    assert finding.text == "off"
    pull_switch(workspace_id=workspace.id, reason=WHY, actor=owner)
    (finding,) = examine_switches()
    assert WHY in finding.text
    assert f"--workspace {workspace.id}" in finding.fix
    (level,) = switch_levels()
    assert level.values == {"everything": 0, "workspace": 1}
    settings.KILL_SWITCH = True
    (level,) = switch_levels()
    assert level.values == {"everything": 1, "workspace": 1}
