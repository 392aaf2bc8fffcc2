"""Templates are policies that hold as they stand, and filled in; the wizard picks one of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.errors import Invalid, NotFound
from apps.common.yaml.nodes import hidden_character, read_nodes
from apps.common.yaml.writing import in_flow
from apps.policies.documents import read_policy
from apps.policies.drafting import (
    LIBRARY,
    PLACES,
    ROUTINE,
    render_template,
    template_named,
    templates,
    wizard,
)
from apps.policies.engine.compiling import compile_policy
from apps.policies.engine.examples import run_examples
from apps.policies.schemas import PolicyDocument, TemplateValues

NAMES = ["regulated", "sandbox", "solo_dev", "team"]


def rendered(name: str, **values: object) -> PolicyDocument:
    return read_policy(render_template(name, values)).document


def paths_of(document: PolicyDocument) -> set[str]:
    return {
        path
        for example in document.tests
        for operation in example.act.get("operations", [])
        for path in operation.get("paths", [])
    }


def test_there_are_four_templates():
    assert [template.name for template in templates()] == NAMES
    assert [template.name for template in templates()] == sorted(
        path.stem for path in LIBRARY.iterdir()
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_template_is_a_policy_with_tests_of_each_of_its_effects(name):
    template = template_named(name)
    document = read_policy(template.text).document
    assert document.description == template.description
    effects = {example.expect.effect for example in document.tests}
    assert {"deny", "require"} <= effects
    spoken_for = {rule for example in document.tests for rule in example.expect.matched or ()}
    untested = {rule.name for rule in document.rules} - spoken_for
    assert untested <= {"risky work"}


@pytest.mark.parametrize("name", NAMES)
def test_a_template_without_values_is_itself(name):
    assert render_template(name, {}) == template_named(name).text


@pytest.mark.parametrize("name", NAMES)
def test_a_template_filled_with_its_defaults_means_the_same(name):
    template = template_named(name)
    values = {parameter.name: parameter.default for parameter in template.parameters}
    assert rendered(name, **values) == read_policy(template.text).document


def test_every_value_has_a_place_in_some_template():
    offered = {parameter.name for template in templates() for parameter in template.parameters}
    assert offered == set(TemplateValues.model_fields) == set(PLACES)
    assert all(p.description for template in templates() for p in template.parameters)


def test_values_are_filled_in_and_remarks_stay():
    text = render_template(
        "team",
        {
            "allowed_dirs": ["src/core", "handbook"],
            "routine_dirs": ["handbook"],
            "max_diff_lines": 120,
            "approvals": 2,
            "zone": "Europe/Berlin",
            "start": "08:30",
            "days": ["mon", "tue"],
            "acts_per_hour": 5,
            "spend_per_day_cents": 1,
            "model": "small: one",
        },
    )
    document = read_policy(text).document
    assert document.allowed_dirs == ["src/core", "handbook"]
    assert document.max_diff_lines == 120
    assert document.hours.zone == "Europe/Berlin"
    assert document.hours.start.isoformat() == "08:30:00"
    assert document.hours.days == ["mon", "tue"]
    assert document.llm.model == "small: one"
    assert (document.quotas.acts_per_hour, document.budgets.spend_per_day_cents) == (5, 1)
    review = document.rules[0].then.model_dump()["require"][0]
    assert review["quorum"] == 2
    routine = next(rule for rule in document.rules if rule.name == ROUTINE)
    assert routine.when.path == ["handbook/**"]
    assert text.startswith("# A team that reviews")


def test_examples_move_with_the_directories_they_speak_of():
    document = rendered("team", allowed_dirs=["src", "handbook/"], routine_dirs=["handbook"])
    assert paths_of(document) == {
        "src/orders.md",
        "handbook/guide.md",
        "handbook/server.pem",
        "../outside.md",
    }


def test_routine_is_a_directory_of_the_allowed_ones_if_none_is_named():
    document = rendered("solo_dev", allowed_dirs=["src"])
    routine = next(rule for rule in document.rules if rule.name == ROUTINE)
    assert routine.when.path == ["src/docs/**"]
    assert "src/docs/guide.md" in paths_of(document)


@pytest.mark.parametrize("name", ["solo_dev", "team"])
def test_no_routine_takes_the_rule_and_its_tests_out(name):
    document = rendered(name, routine_dirs=[])
    before = read_policy(template_named(name).text).document
    assert [rule.name for rule in document.rules] == [
        rule.name for rule in before.rules if rule.name != ROUTINE
    ]
    assert 0 < len(document.tests) < len(before.tests)
    assert not any(ROUTINE in (example.expect.matched or ()) for example in document.tests)


def test_a_test_outside_of_hours_stays_outside_of_other_hours():
    hours = rendered(
        "regulated", zone="Asia/Tokyo", days=["sat", "sun"], start="08:00", end="10:00"
    )
    at = [each.circumstances.at for each in hours.tests if each.circumstances.at]
    assert at == [hours.hours.moment_outside()]
    clock = at[0].astimezone(hours.hours.moment_inside().tzinfo)
    assert clock.isoformat() == "2026-01-10T10:00:30+09:00"


def test_the_middle_of_the_hours_is_inside_of_them():
    hours = rendered("team", days=["wed", "mon"], start="14:00", end="15:01").hours
    assert hours.moment_inside().isoformat() == "2026-01-07T14:30:00+00:00"


@pytest.mark.parametrize(
    ("name", "values", "field"),
    [
        ("team", {"max_diff_lines": 0}, "max_diff_lines"),
        ("team", {"max_diff_lines": "80"}, "max_diff_lines"),
        ("team", {"zone": "Mars"}, "zone"),
        ("team", {"days": ["mo"]}, "days[0]"),
        ("team", {"start": "20:00"}, "hours.start"),
        ("team", {"allowed_dirs": ["/etc"]}, "allowed_dirs[0]"),
        ("team", {"allowed_dirs": ["a\u202eb"]}, "allowed_dirs[0]"),
        ("team", {"allowed_dirs": []}, "allowed_dirs"),
        ("team", {"allowed_dirs": ["src"], "routine_dirs": ["docs"]}, "routine_dirs"),
        ("team", {"allowed_dirs": ["docs"], "routine_dirs": ["docs"]}, "routine_dirs"),
        ("team", {"colour": "red"}, ""),
        ("sandbox", {"approvals": 2}, "approvals"),
    ],
)
def test_a_value_that_does_not_fit_is_named(name, values, field):
    with pytest.raises(Invalid) as refused:
        render_template(name, values)
    assert field in [fault["field"] for fault in refused.value.details]
    assert all(fault["message"] for fault in refused.value.details)


@pytest.mark.parametrize("name", ["none", "../team", "team.yaml", ""])
def test_a_template_that_is_not_there_is_not_found(name):
    with pytest.raises(NotFound, match="There are: regulated"):
        render_template(name, {})


@pytest.mark.parametrize(
    "value",
    [
        "a]\nrules: []",
        "a: b",
        "- a",
        "null",
        "True",
        "*x",
        "&x",
        "<<",
        "0800",
        "1e5",
        "#no remark",
        '"',
        "'",
        "a\\",
        "grüße",
        "\U0001f600",
        "",
        " x ",
    ],
)
def test_a_value_stays_a_value(value):
    assert read_nodes(f"a: [{in_flow(value)}]")[0] == {"a": [value]}


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"])).filter(
    lambda text: hidden_character(text) is None
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | words,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(words.filter(bool), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain)
def test_what_is_written_is_read_back(value):
    assert read_nodes(f"a: {in_flow(value)}")[0] == {"a": value}


# --- the wizard


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ({}, "team"),
        ({"people": "one"}, "solo_dev"),
        ({"people": "many"}, "team"),
        ({"agents": "try"}, "sandbox"),
        ({"people": "one", "agents": "try"}, "sandbox"),
        ({"regulated": True}, "regulated"),
        ({"regulated": True, "agents": "try", "people": "one"}, "regulated"),
    ],
)
def test_the_wizard_picks_what_fits_and_says_why(answers, name):
    draft = wizard(answers)
    assert draft.template == name
    assert draft.because
    read_policy(draft.text)


def test_with_many_people_two_approve():
    document = read_policy(wizard({"people": "many"}).text).document
    assert document.rules[0].then.model_dump()["require"][0]["quorum"] == 2
    said = wizard({"people": "many", "values": {"approvals": 3}})
    assert read_policy(said.text).document.rules[0].then.model_dump()["require"][0]["quorum"] == 3


def test_agents_that_ask_for_everything_have_no_routine():
    draft = wizard({"people": "one", "agents": "ask"})
    assert ROUTINE not in {rule.name for rule in read_policy(draft.text).document.rules}
    assert len(draft.because) == 2


def test_the_wizard_says_what_has_no_place():
    draft = wizard({"agents": "try", "values": {"approvals": 2, "allowed_dirs": ["lab"]}})
    assert read_policy(draft.text).document.allowed_dirs == ["lab"]
    assert any("`approvals`" in sentence for sentence in draft.because)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"people": "two"}, "people"),
        ({"regulated": "yes"}, "regulated"),
        ({"values": {"max_diff_lines": -1}}, "values.max_diff_lines"),
        ({"values": {"max_lines": 1}}, "values"),
        ({"secret-question": 1}, ""),
    ],
)
def test_an_answer_that_does_not_fit_is_named(answers, field):
    with pytest.raises(Invalid) as refused:
        wizard(answers)
    (fault,) = refused.value.details
    assert fault["field"] == field
    assert "secret-question" not in fault["message"]


# --- their own tests hold


def failing(text: str) -> list[tuple[str, tuple[str, ...]]]:
    outcomes = run_examples(compile_policy(read_policy(text), source="template"))
    assert outcomes
    return [(each.name, each.differences) for each in outcomes if not each.passed]


@pytest.mark.parametrize("name", NAMES)
def test_a_template_passes_its_own_tests(name):
    assert failing(template_named(name).text) == []


@pytest.mark.parametrize(
    "values",
    [
        {"allowed_dirs": ["src"]},
        {"allowed_dirs": ["a/b/", "a"]},
        {"max_diff_lines": 1},
        {"zone": "Asia/Tokyo"},
        {"days": ["sat", "sun"], "start": "18:00", "end": "23:59", "zone": "Asia/Kolkata"},
        {"acts_per_hour": 1, "acts_per_day": 1, "spend_per_day_cents": 1},
        {"acts_per_hour": 10_000, "acts_per_day": 10_000},
    ],
    ids=str,
)
@pytest.mark.parametrize("name", NAMES)
def test_a_template_that_was_filled_in_passes_its_own_tests(name, values):
    assert failing(render_template(name, values)) == []


@pytest.mark.parametrize("people", ["one", "few", "many"])
@pytest.mark.parametrize("agents", ["try", "ask", "routine"])
@pytest.mark.parametrize("regulated", [True, False])
def test_what_the_wizard_drafts_passes_its_own_tests(people, agents, regulated):
    draft = wizard({"people": people, "agents": agents, "regulated": regulated})
    assert failing(draft.text) == []
