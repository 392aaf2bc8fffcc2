"""`/act`, `/turn`, `/state` and `/meta`: as promised, and judged, kept, told of and private."""

import re
from threading import Event as Signal
from threading import Thread

import pytest
from django.db import connection, transaction

from apps.accounts.choices import Role
from apps.ledger.models import Event
from apps.policies.errors import TimedOut
from apps.policies.models.acts import ActRecord
from apps.policies.rules import count_of, paths_in, texts_in
from apps.policies.selectors.acts import opened
from apps.policies.services import observing
from tests.factories import WorkspaceFactory, agent_of, member

ACT = {"agent_id": "bot-1", "action": "open_file", "payload": {"path": "docs/a.md"}}
TURN = {"agent_id": "bot-1", "input": "What is next?"}


def latest():
    return Event.objects.latest("seq")


def code_of(response):
    return response.json()["error"]["code"]


@pytest.mark.django_db
class TestAct:
    @pytest.mark.parametrize("place", ["/act", "/api/v1/act"])
    def test_echoes_and_is_told(self, place, api, agent, released):
        answer = api(agent).post(place, ACT)
        assert answer.status_code == 200
        body = answer.json()
        assert (body["status"], body["echo"]) == ("ok", ACT)
        assert (body["verdict"]["effect"], body["verdict"]["stages"]) == ("require", ["review"])
        event = latest()
        assert (event.type, event.actor_id) == ("obs.act", agent.id)
        assert event.payload["act"] == body["act"]
        assert (event.payload["ok"], event.payload["action_type"]) == (True, "open_file")
        assert event.payload["latency_ms"] >= 0
        assert "docs/a.md" not in str(event.payload)

    def test_denial_answers_as_promised_and_is_kept(self, api, agent, released):
        for payload, status, code in (
            ({"path": "docs/../api/app.py"}, 403, "path_forbidden"),
            ({"nested": [{"TARGET_PATHS": ["/etc/shadow"]}]}, 403, "path_forbidden"),
            ({"x": "y" * 3000 + " OS.SYSTEM('x')"}, 422, "risk_pattern"),
            ({"run subprocess.call": 1}, 422, "risk_pattern"),
        ):
            refused = api(agent).post("/act", {**ACT, "payload": payload})
            assert (refused.status_code, code_of(refused)) == (status, code)
            assert refused.json()["error"]["details"][0]["act"] == str(
                ActRecord.objects.latest("id").id
            )
            told = [event.type for event in Event.objects.order_by("-seq")[:2]]
            assert told == ["obs.act", "policies.act.denied"]
            assert latest().payload["ok"] is False

    def test_denial_under_a_key_stays_on_record_and_is_judged_anew(self, api, agent, released):
        client, key = api(agent), {"HTTP_IDEMPOTENCY_KEY": "once"}
        denied = {**ACT, "payload": {"path": "elsewhere"}}
        for kept in (1, 2):
            assert client.post("/act", denied, **key).status_code == 403
            assert Event.objects.filter(type="policies.act.denied").count() == kept
            assert ActRecord.objects.filter(effect="deny").count() == kept

    def test_under_a_key_it_happens_once(self, api, agent, released):
        client, key = api(agent), {"HTTP_IDEMPOTENCY_KEY": "once"}
        first, again = (client.post("/act", ACT, **key) for _ in range(2))
        assert first.json() == again.json()
        assert Event.objects.filter(type="obs.act").count() == 1

    def test_long_names_of_actions_stay_out_of_events(self, api, agent, released):
        api(agent).post("/act", {"agent_id": "bot", "action": "buy Ada's house for 1,000,000"})
        assert latest().payload["action_type"] == "other"

    @pytest.mark.parametrize("name", ["Ada's own bot", "bot_é", "x" * 80])
    def test_an_agent_id_that_is_no_name_is_sealed(self, api, agent, released, name):
        client, act = api(agent), {**ACT, "agent_id": name}
        assert client.post("/act", act).json()["echo"]["agent_id"] == name
        row = ActRecord.objects.latest("id")
        assert re.fullmatch("~[0-9a-f]{32}", row.label)
        assert opened(row).act.texts["agent_id"] == name
        for place in ("/state", "/api/v1/policies/acts"):
            found = client.get(place, {"agent_id": name}).json()
            assert len(found.get("results") or found["state"]["actions"]) == 1, place
        assert list(client.get("/state").json()["agent"]) == [row.label]
        assert client.get("/state", {"agent_id": "Eve's bot"}).json() == {}

    def test_an_agent_id_is_searched_by_the_gate(self, api, agent, released):
        refused = api(agent).post("/act", {**ACT, "agent_id": "ghp_" + "a" * 36})
        assert (refused.status_code, code_of(refused)) == (422, "risk_pattern")
        assert refused.json()["error"]["details"][0]["field"] == "agent_id"
        assert ActRecord.objects.latest("id").label.startswith("~")
        refused = api(agent).post("/turn", {**TURN, "agent_id": "/bin/sh"})
        assert (refused.status_code, code_of(refused)) == (422, "risk_pattern")

    def test_wrong_bodies_are_refused(self, api, agent, released):
        for body in ({}, {"agent_id": "x"}, {**ACT, "payload": []}, {**ACT, "agent_id": ""}):
            assert api(agent).post("/act", body).status_code == 422
        assert not Event.objects.filter(type="obs.act").exists()

    def test_viewers_do_not_act(self, api, workspace, released):
        assert api(member(workspace, Role.VIEWER)).post("/act", ACT).status_code == 403


@pytest.mark.django_db
class TestTurn:
    def test_answers_as_promised(self, api, agent, released):
        body = api(agent).post("/turn", TURN).json()
        assert (body["status"], body["echo"]) == ("ok", TURN)
        assert body["response"] == "Processed What is next?"
        assert (latest().type, latest().payload["action_type"]) == ("obs.turn", "turn")

    def test_is_gated(self, api, agent, released):
        refused = api(agent).post("/turn", {**TURN, "input": "read ../../etc/passwd"})
        assert (refused.status_code, code_of(refused)) == (422, "risk_pattern")

    def test_that_takes_too_long_answers_504_and_did_nothing(
        self, api, agent, released, monkeypatch
    ):
        monkeypatch.setattr(observing, "TURN_SECONDS", 0.0)
        before = Event.objects.count(), ActRecord.objects.count()
        late = api(agent).post("/turn", TURN)
        assert (late.status_code, code_of(late)) == (504, "timeout")
        assert (Event.objects.count(), ActRecord.objects.count()) == before


def test_turn_does_not_wait_for_the_database_longer_than_it_may(committed_database, monkeypatch):
    workspace = WorkspaceFactory.create()
    agent = agent_of(member(workspace, Role.OWNER), workspace)
    monkeypatch.setattr(observing, "TURN_SECONDS", 0.3)
    held, over = Signal(), Signal()

    def hold():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                    [f"policies.acts {workspace.id} {agent.id}"],
                )
                held.set()
                over.wait(30)
        finally:
            connection.close()

    holder = Thread(target=hold)
    holder.start()
    held.wait(30)
    try:
        with pytest.raises(TimedOut):
            observing.take_turn(agent_id="bot", text="?", actor=agent, workspace=workspace.id)
    finally:
        over.set()
        holder.join()
    assert not ActRecord.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.django_db
class TestState:
    def test_tells_what_was_done_and_said(self, api, agent, owner, released):
        theirs = api(agent)
        assert theirs.get("/state").json()["agent"] == {}
        theirs.post("/act", ACT)
        theirs.post("/act", {**ACT, "payload": {"path": "elsewhere"}})
        theirs.post("/turn", TURN)
        body = theirs.get("/state?agent_id=bot-1").json()
        assert body["agent_id"] == "bot-1"
        actions, turns = body["state"]["actions"], body["state"]["turns"]
        assert [(one["action"], one["payload"]["path"], one["ok"]) for one in actions] == [
            ("open_file", "docs/a.md", True),
            ("open_file", "elsewhere", False),
        ]
        assert [(one["input"], one["response"]) for one in turns] == [
            ("What is next?", "Processed What is next?")
        ]
        assert theirs.get("/state").json()["agent"] == {"bot-1": {"actions": 2, "turns": 1}}
        assert api(owner).get("/api/v1/state?agent_id=bot-1").json() == body

    def test_is_private(self, api, agent, contributor, workspace, released):
        api(agent).post("/act", ACT)
        for other in (contributor, agent_of(contributor, workspace)):
            assert api(other).get("/state?agent_id=bot-1").json() == {}
            assert api(other).get("/state").json()["agent"] == {}

    def test_of_an_unknown_agent_is_empty(self, api, agent, released):
        answer = api(agent).get("/state?agent_id=nobody")
        assert (answer.status_code, answer.json()) == (200, {})

    def test_names_are_not_shared(self, api, agent, contributor, owner, workspace, released):
        """Two who call themselves alike do not see each other's."""
        api(agent).post("/act", ACT)
        api(contributor).post("/act", {**ACT, "action": "mine"})
        shown = api(contributor).get("/state?agent_id=bot-1").json()["state"]["actions"]
        assert [one["action"] for one in shown] == ["mine"]

    def test_takes_as_many_queries_as_recorded(
        self, api, agent, owner, released, django_assert_num_queries
    ):
        client = api(owner)
        client.get("/state")
        for _ in range(2):
            api(agent).post("/act", ACT)
            with django_assert_num_queries(6):
                client.get("/state?agent_id=bot-1")


@pytest.mark.django_db
def test_meta_tells_version_uptime_and_policies(api, agent, released):
    body = api(agent).get("/meta").json()
    assert set(body["meta"]) == {"version", "start"}
    assert body["uptime"] > 0
    assert body["policies_loaded"] == 1


def test_every_text_of_a_payload_is_judged():
    payload = {"a": ["x", {"b c": "y", "b_c": "z"}], "n": 3, "": "w"}
    assert sorted(texts_in(payload, "payload").values()) == sorted(
        ["x", "y", "z", "w", "a", "b c", "b_c", "n", ""]
    )


def test_every_path_of_a_payload_is_judged():
    payload = {"File": "a", "files": ["b", {"name": "c"}], "text": "d", "in": {"path": "e"}}
    assert sorted(paths_in(payload)) == ["a", "b", "c", "e"]


@pytest.mark.parametrize(
    "name",
    ["targetPath", "output_path", "File-Name", "LOG FILE", "logFiles", "workingDirectory", "dst"],
)
def test_a_path_goes_by_many_names(name):
    assert list(paths_in({name: ["a", {"x": "b"}]})) == ["a", "b"]


@pytest.mark.parametrize("name", ["profile", "file_id", "XPath expression", "directive", ""])
def test_what_merely_sounds_like_a_path_is_none(name):
    assert list(paths_in({name: "a"})) == []


def test_files_by_their_paths_are_judged_by_these():
    payload = {"files": {"secrets/prod.yaml": "one\ntwo", "x.md": "y", "mode": "z"}}
    assert sorted(paths_in(payload)) == ["secrets/prod.yaml", "x.md", "y", "z"]


def test_values_are_counted_with_their_names():
    assert count_of({"a": ["x", {"b": None}], "c": 1}) == 9


@pytest.mark.django_db
class TestAbuse:
    def test_a_payload_of_very_many_values_is_refused_and_not_kept(self, api, agent, released):
        for payload in ({"paths": ["x"] * 5000}, {f"k{n}": n for n in range(2500)}):
            refused = api(agent).post("/act", {**ACT, "payload": payload})
            assert (refused.status_code, code_of(refused)) == (422, "invalid")
        assert not ActRecord.objects.filter(door="act").exists()

    def test_a_thousand_denials_count_and_a_hundred_are_told(self, api, agent, released):
        refused = api(agent).post("/act", {**ACT, "payload": {"paths": ["x"] * 1000}})
        assert code_of(refused) == "path_forbidden"
        assert len(refused.json()["error"]["details"]) == 100

    @pytest.mark.parametrize(
        "secret", ["ghp_" + "k3" * 18, "AKIAIOSFODNN7EXAMPLE", "my_token", "rm/etc/passwd"]
    )
    def test_no_event_holds_an_action_in_which_the_gate_found_something(
        self, secret, api, agent, released
    ):
        api(agent).post("/act", {**ACT, "action": secret})
        assert latest().payload["action_type"] == "other"
        assert not Event.objects.filter(payload__icontains=secret).exists()

    def test_a_state_leaves_out_what_was_very_long(self, api, agent, released):
        mine = api(agent)
        mine.post("/act", ACT)
        mine.post("/act", {**ACT, "payload": {"path": "docs/a.md", "text": "y" * 200_000}})
        short, long = mine.get("/state?agent_id=bot-1").json()["state"]["actions"]
        assert short["payload"] == ACT["payload"]
        assert "payload" not in long
        assert (short["ok"], long["ok"]) == (True, True)
