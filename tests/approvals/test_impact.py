"""What else depends on a change: of any subject, of a plan, of the policy."""

import pytest
from django.urls import reverse

from apps.accounts.choices import Role
from apps.approvals.pages.graphs import LONGEST, MOST_IN_LAYER, WIDTH, folded, graph_of
from apps.approvals.policy_changes import KIND
from apps.approvals.ports import Affected, subjects
from apps.approvals.selectors.requests import request_about
from apps.policies.services.approving import Held
from apps.policies.services.versions import apply_policy
from tests.approvals.deciding import policy_of
from tests.approvals.loaves import ask
from tests.approvals.test_admin import at
from tests.factories import member

pytestmark = pytest.mark.django_db


def of(key, above="", **more):
    return Affected(key=key, label=key, kind="node", how="follows", of=above, **more)


def tab(user, request, name):
    answer = at(user).get(reverse("admin:review_tab", args=[request.id, name]))
    assert answer.status_code == 200
    return answer


def laid_out(*affected):
    graph = graph_of(affected, change="This")
    columns = sorted({box.x for box in graph.boxes})
    layers = [[box.lines[0].text for box in graph.boxes if box.x == x] for x in columns]
    return layers, graph


# --- drawn


def test_what_follows_stands_one_layer_further():
    layers, graph = laid_out(of("a"), of("b"), of("c", "b"), of("d", "c"))
    assert layers == [["This"], ["a", "b"], ["c"], ["d"]]
    assert len(graph.lines) == 4
    assert (4 * WIDTH < graph.width < 5 * WIDTH, graph.left_out) == (True, 0)


def test_what_follows_from_several_is_one_box_with_a_line_from_each():
    layers, graph = laid_out(of("a"), of("b"), of("c", "a"), of("c", "b"))
    assert layers == [["This"], ["a", "b"], ["c"]]
    assert len(graph.lines) == 4


def test_what_follows_from_something_unknown_follows_from_the_change():
    assert laid_out(of("a", "nowhere"))[0] == [["This"], ["a"]]


def test_a_circle_is_drawn_once():
    layers, _ = laid_out(of("a"), of("b", "a"), of("a", "b"))
    assert layers == [["This"], ["a"], ["b"]]


def test_what_has_no_room_is_counted():
    layers, graph = laid_out(*(of(str(number)) for number in range(MOST_IN_LAYER + 3)))
    assert len(layers[1]) == MOST_IN_LAYER
    assert graph.left_out == 3


def test_a_long_path_keeps_its_beginning_and_its_end():
    path = "services/checkout/src/payments/refunds.py"
    assert folded("short.py") == ["short.py"]
    [line] = folded(path)
    assert len(line) <= LONGEST
    assert line.startswith("service…")
    assert line.endswith("/refunds.py")


def test_a_sentence_is_folded_and_ends_where_there_is_no_room():
    lines = folded("Checkout agent edits api/greeting.py and deletes docs/old.md")
    assert lines == ["Checkout agent edits", "api/greeting.py and…"]
    assert folded("") == [""]
    path = "services/checkout/refunds-and-returns.py"
    assert folded(f"creates {path} and more")[1].endswith("returns.py…")


# --- of any subject


def test_any_subject_is_drawn_and_listed(request_, reviewer):
    answer = tab(reviewer, request_, "impact")
    graph, read = answer.context["tab"]["graph"], answer.content.decode()
    assert len({box.x for box in graph.boxes}) == 4
    assert read.count("<ul") == read.count("</ul>") == 3
    assert '<a href="/eats/0">Ada</a>' in read
    assert "Bo⟨U+202E RIGHT-TO-LEFT OVERRIDE⟩" in read
    assert "\u202e" not in read
    assert "The cook" in read


def test_any_subject_is_at_home_in_the_other_tabs_as_well(request_, reviewer):
    change = tab(reviewer, request_, "change").content.decode()
    assert change.count('aria-label="spread"') == 2
    for told in ("<del>Ada</del>", "<ins>Cy</ins>", "docs/b.md"):
        assert told in change
    checks = tab(reviewer, request_, "checks").context["tab"]["checks"]
    assert [check["name"] for check in checks] == ["salted", "baked", "cut"]
    assert "agents are reviewed" in tab(reviewer, request_, "policy").content.decode()


def test_what_is_gone_has_no_impact(request_, reviewer, monkeypatch):
    monkeypatch.delitem(subjects, "loaf")
    assert "Nothing that is known" in tab(reviewer, request_, "impact").content.decode()


# --- of the policy

GUARDED = policy_of("name: review, roles: [reviewer]").replace(
    "rules:\n",
    "rules:\n  - name: owners change the policy\n    when: {act: [policy.change]}\n"
    "    then: {require: [{name: owners, roles: [owner]}]}\n",
)


@pytest.fixture
def policy_request(loaves, workspace, owner, baker, reviewer):
    """To let agents bake in docs alone, while one of two loaves waits that are baked in api."""
    member(workspace, Role.OWNER)
    apply_policy(text=GUARDED, workspace=workspace.id, actor=owner)

    def asked(text):
        held = apply_policy(text=text, workspace=workspace.id, actor=owner)
        assert isinstance(held, Held)
        found = request_about(kind=KIND, subject=held.draft.id)
        assert found is not None
        return found

    return asked


def impact(request, actor):
    return {
        each.key: each
        for each in subjects[request.subject_kind].impact(request.subject_id, actor=actor)
    }


def test_a_policy_tells_what_it_would_decide_otherwise(
    policy_request, workspace, baker, owner, reviewer
):
    denied, kept = ask(workspace, baker, ["api/a.py"]), ask(workspace, baker, ["docs/a.md"])
    before = ask(workspace, baker, ["plans/a.md"])
    request = policy_request(GUARDED.replace("[docs, plans, api]", "[docs, plans]"))
    found = impact(request, owner)
    assert found[str(denied.id)].how == "would be denied"
    assert found[str(denied.id)].label == "Somebody bakes api/a.py"
    assert not {str(kept.id), str(before.id)} & set(found)
    assert found["waiting"].label == "2 other requests wait"
    changed = found["needs approval, then denied"]
    assert changed.label == "1 act: needs approval, then denied"
    [act] = [each for each in found.values() if each.of == changed.key]
    assert (act.label, act.kind) == ("create api/a.py", "act")
    assert str(denied.act_id) in act.url
    assert found["as before"].label == "2 acts are decided as before"
    assert found["as before"].how == "of 3 acts of the last 7 days"
    assert "would be denied" in tab(owner, request, "impact").content.decode()


def test_others_who_would_be_asked_are_a_difference(policy_request, workspace, baker, owner):
    waits = ask(workspace, baker)
    request = policy_request(GUARDED.replace("roles: [reviewer]", "roles: [admin]"))
    found = impact(request, owner)
    assert found[str(waits.id)].how == "others would be asked"
    assert found["others would be asked"].label == "1 act: others would be asked"


def test_who_may_not_see_acts_is_told_nothing_of_them(policy_request, workspace, baker, owner):
    ask(workspace, baker)
    request = policy_request(GUARDED.replace("[docs, plans, api]", "[docs, plans]"))
    assert impact(request, member(workspace, Role.VIEWER)) == {}


def test_time_ends_the_comparison(policy_request, workspace, baker, owner, monkeypatch):
    ask(workspace, baker)
    request = policy_request(GUARDED.replace("[docs, plans, api]", "[plans]"))
    monkeypatch.setattr("apps.approvals.policy_impact.SECONDS", -1)
    assert set(impact(request, owner)) == {"waiting"}


def test_a_policy_change_says_how_large_it_is_and_what_it_touches(policy_request):
    text = GUARDED.replace("[docs, plans, api]", "[docs]").replace("[agent]", "[agent, person]")
    request = policy_request(text + "# by and by\n")
    told = subjects[KIND].summaries([request.subject_id])[request.subject_id]
    assert told.size == "5 lines"
    assert told.touches == {"allowed_dirs", "agents are reviewed"}
