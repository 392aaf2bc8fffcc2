"""The logic of the editor's modules, run where it runs: what fits at the cursor, what changed."""

import json
from functools import cache
from urllib.parse import urlsplit

import pytest

from apps.policies.drafting import templates
from apps.policies.pages.showing import whole_schema
from config.env import ROOT

pytestmark = pytest.mark.e2e

ASK = """async ([schema, texts]) => {
  const { Schema, contextAt, suggestions } = await import("/static/policies/completing.js");
  const known = new Schema(schema);
  return texts.map((text) => {
    const at = text.indexOf("|");
    const context = contextAt(text.slice(0, at) + text.slice(at + 1), at);
    return { ...context, found: suggestions(known, context) };
  });
}"""


@cache
def schema():
    return json.loads(json.dumps(whole_schema()))


@pytest.fixture(scope="module")
def module(chromium):
    """A bare page with our modules beside it. It needs no server."""
    context = chromium.new_context(base_url="http://modules.invalid")
    found = context.new_page()
    found.route("**/*", lambda route: route.fulfill(body=""))
    found.route("**/static/**", from_static)
    found.goto("/")
    yield found
    context.close()


def from_static(route):
    path = ROOT / urlsplit(route.request.url).path.lstrip("/")
    route.fulfill(body=path.read_bytes(), content_type="text/javascript")


@pytest.fixture
def complete(module):
    def asked(text):
        return module.evaluate(ASK, [schema(), [text]])[0]

    return asked


RULE = "rules:\n  - name: review\n    when: {act: [plan]}\n"
OFFERED = {
    # text up to the cursor: what is offered among others, what is not
    "|": ({"version", "allowed_dirs", "rules"}, {"name"}),
    "max_|": ({"max_diff_lines"}, {"version"}),
    'version: "1"\n|': ({"rules"}, {"version"}),
    'version: "1"\n|\nrules: []\n': ({"gate"}, {"version", "rules"}),
    "llm:\n  |": ({"model", "temperature"}, {"rules"}),
    "llm:\n  model: x\n  t|": ({"temperature"}, {"model"}),
    "llm: {|}": ({"model"}, {"rules"}),
    "llm: {model: x, |}": ({"temperature", "max_tokens"}, {"model"}),
    "rules:\n  |": ({"name", "when"}, {"version"}),
    "rules:\n  - |": ({"name", "then"}, {"version"}),
    "rules:\n- na|": ({"name"}, {"version"}),
    RULE + "    |": ({"then", "description"}, {"name", "when"}),
    RULE + "  |": ({"name"}, {"rules"}),
    RULE + "|": ({"tests"}, {"rules", "then"}),
    RULE + "    then: |": ({"deny", "allow", "require"}, {"act"}),
    RULE + "    then: {|}": ({"deny", "allow", "require"}, {"act"}),
    RULE + "    then: {allow: true, |}": ({"over"}, {"deny", "require", "allow"}),
    RULE + "    then: {allow: |}": ({"true"}, {"false"}),
    RULE + "    then: {allow: true, over: [|]}": ({"review"}, {"true"}),
    RULE + "    then:\n      require:\n        - {name: a, roles: [ow|": ({"owner"}, {"plan"}),
    RULE + "    then:\n      require:\n        - name: a\n          |": ({"quorum"}, {"name"}),
    "rules:\n  - when: {risk: {at_least: |": ({"low", "critical"}, {"plan"}),
    "rules:\n  - when:\n      act: [plan, |]": ({"prompt", "plan"}, {"agent"}),
    "rules:\n  - when:\n      act: |": ({"plan", "tool.call"}, {"agent"}),
    "rules:\n  - when:\n      actor:\n        - |": ({"agent", "person"}, {"plan"}),
    "rules:\n  - when: {\n      act: [plan],\n      |\n    }": ({"actor"}, {"act"}),
    "hours: {days: [mon], start: 09:00, |}": ({"end", "zone"}, {"days"}),
    "tests:\n  - name: a\n    act:\n      kind: |": ({"plan", "prompt"}, {"agent"}),
    "tests:\n  - act: {operations: [{verb: |": ({"edit", "delete"}, {"plan"}),
    "max_diff_lines: |": ({"800"}, set()),
    "duties:\n  solo_opt_out: |": ({"true", "false"}, set()),
    "description: a {brace and [one\n|": ({"rules"}, {"model"}),
    "description: |\n".replace("|", ">") + "  rules: not this\n|": ({"rules"}, {"description"}),
}
NOTHING = [
    "# rules: |",
    'description: "some |"',
    "description: a text\n  that goes on |",
    "llm: {model: x}|",
    "nobody:\n  knows |",
]


@pytest.mark.parametrize("text", OFFERED)
def test_what_fits_is_offered(complete, text):
    labels = {one["label"] for one in complete(text)["found"]}
    wanted, unwanted = OFFERED[text]
    assert wanted <= labels
    assert not labels & unwanted


@pytest.mark.parametrize("text", NOTHING)
def test_nothing_is_offered_where_nothing_is_known(complete, text):
    assert complete(text)["found"] == []


def put_in(found, text, label):
    text = text.replace("|", "", 1)
    chosen = next(one for one in found["found"] if one["label"] == label)
    done = text[: found["from"]] + chosen["insert"] + text[found["to"] :]
    at = found["from"] + len(chosen["insert"]) - chosen["back"]
    return done[:at] + "|" + done[at:]


PUT_IN = [
    ("max|", "max_diff_lines", "max_diff_lines: |"),
    ("ll|", "llm", "llm:\n  |"),
    ("deny|", "deny_globs", "deny_globs: [|]"),
    ("rul|", "rules", "rules:\n  - |"),
    ("rules:\n  |", "name", "rules:\n  - name: |"),
    ("llm: {|}", "model", "llm: {model: |}"),
    ("llm: {mo|: x}", "model", "llm: {model|: x}"),
    ("rules:\n  - then: |", "require", "rules:\n  - then: {require: [|]}"),
    ("rules:\n  - then: {require: [|]}", "name", "rules:\n  - then: {require: [{name: |}]}"),
    ("rules:\n  - when: {act: |}", "plan", "rules:\n  - when: {act: [plan]|}"),
    ("rules:\n  - when:\n      act:|", "plan", "rules:\n  - when:\n      act: [plan]|"),
]


@pytest.mark.parametrize(("text", "label", "wanted"), PUT_IN)
def test_what_is_chosen_is_written_so_that_it_fits(complete, text, label, wanted):
    assert put_in(complete(text), text, label) == wanted


def test_every_key_of_the_templates_is_known_at_its_place(module):
    """Each key is taken away from the text and offered again in its place."""
    keys = """async ([schema, text]) => {
      const { Schema, contextAt, suggestions } = await import("/static/policies/completing.js");
      const known = new Schema(schema), missed = [];
      for (const found of text.matchAll(/(?<=^ *(?:- )?|[{,] ?)([a-z_]+)(?=:)/gm)) {
        const line = text.slice(text.lastIndexOf("\\n", found.index) + 1, found.index);
        if (/#|"|labels:|texts:/.test(line)) continue; // names of the policy's own
        const context = contextAt(text, found.index + 1);
        const labels = suggestions(known, { ...context, prefix: "" }).map((one) => one.label);
        if (!labels.includes(found[1])) missed.push(`${line}${found[1]}`);
      }
      return missed;
    }"""
    for template in templates():
        assert module.evaluate(keys, [schema(), template.text]) == [], template.name


def test_no_place_in_a_text_throws(module):
    every = """async ([schema, text]) => {
      const { Schema, contextAt, suggestions } = await import("/static/policies/completing.js");
      const known = new Schema(schema);
      for (let at = 0; at <= text.length; at += 1) {
        suggestions(known, contextAt(text, at));
        suggestions(known, contextAt(text.slice(0, at), at));
      }
      return text.length;
    }"""
    broken = "a: {b: [c, {d\n- - - x\n\t- :\n: :\n]}\n'\"\n? x\n--- |\n  e\n\n\n"
    assert module.evaluate(every, [schema(), broken]) == len(broken)
    text = templates()[-1].text[:3000]
    assert module.evaluate(every, [schema(), text]) == len(text)


PIECES = """async ([line, faults]) => {
  const { pieces } = await import("/static/policies/yaml.js");
  return pieces(line, faults).map(({ text, classes }) => [text, classes]);
}"""


def test_line_is_told_in_pieces_that_are_the_line(module):
    line = 'rules: [{name: "a b", quorum: 2}]  # why'
    found = module.evaluate(PIECES, [line, []])
    assert "".join(text for text, _ in found) == line
    assert ["rules", "key"] in found
    assert ['"a b"', "text"] in found
    assert ["2", "word"] in found
    assert ["# why", "remark"] in found


@pytest.mark.parametrize(
    ("line", "column", "wrong"),
    [("rules: [x]", 1, "rules"), ("a: bad", 4, "bad"), ("short", 99, "short"), ("a: {", 4, "{")],
)
def test_fault_is_marked_where_it_is(module, line, column, wrong):
    found = module.evaluate(PIECES, [line, [{"column": column}]])
    assert "".join(text for text, classes in found if "wrong" in classes) == wrong


def test_only_lines_that_changed_are_drawn_anew(module):
    ask = """async ([one, other]) => {
      const { changed } = await import("/static/policies/yaml.js");
      return changed(one, other);
    }"""
    before, after = ["a", "b", "c", "d"], ["a", "x", "y", "d"]
    found = module.evaluate(ask, [before, after])
    assert found == {"from": 1, "removed": 2, "added": ["x", "y"]}
    assert module.evaluate(ask, [["a", "a"], ["a", "a", "a"]])["added"] == ["a"]
    assert module.evaluate(ask, [[], ["a"]]) == {"from": 0, "removed": 0, "added": ["a"]}


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        ("a: 1", ""),
        ("rules:", "  "),
        ("  - name: x", "    "),
        ("  - when:", "      "),
        ("  x", "  "),
    ],
)
def test_next_line_is_indented_as_it_most_likely_is(module, line, indent):
    ask = """async (line) => {
      const { indentAfter } = await import("/static/policies/yaml.js");
      return indentAfter(line);
    }"""
    assert module.evaluate(ask, line) == indent
