"""Paths resolve to one place or are refused; globs mean what they say."""

import posixpath
import re
from fnmatch import translate

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from apps.common.texts.patterns import BadPattern, Patterns, compiled
from apps.policies.engine.globs import above_regex, name_regex, path_regex
from apps.policies.engine.paths import PathRefused, is_inside, resolve
from tests.policies.hearing import a_policy, an_act, verdict_on

PIECES = [
    "api",
    "apis",
    "docs",
    "a.md",
    "..",
    ".",
    "",
    " ",
    "x y",
    "Ä",
    "\uff0e\uff0e",
    "~",
    "c:",
    "%2e",
    "é",
]
WRITTEN = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=6).map(
    "/".join
)
NAMES = st.text("ab.", min_size=1, max_size=3).filter(lambda name: name.strip("."))
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
GLOBS = st.lists(st.just("**") | st.text("ab.*?", min_size=1, max_size=3), min_size=1, max_size=4)


@given(WRITTEN)
@example("a/../../api")
@example("./~")
@example("a/../c:/x")
def test_what_a_path_resolves_to_has_one_form(written):
    try:
        resolved = resolve(written)
    except PathRefused:
        return
    assert not {"", ".", ".."} & set(resolved.path.split("/")) or resolved.path == ""
    assert not resolved.path.startswith("/")
    if resolved.path:
        assert resolve(resolved.path) == resolved


@given(WRITTEN)
def test_no_path_that_the_system_would_lead_elsewhere_is_let_through(written):
    if not verdict_on(an_act(written), a_policy(allowed_dirs=["api"])).denied:
        real = posixpath.normpath(posixpath.join("/root", written))
        assert real == "/root/api" or real.startswith("/root/api/")


@given(st.text(max_size=40))
def test_any_text_is_a_path_or_refused(written):
    try:
        assert is_inside(resolve(written).path, [""])
    except PathRefused:
        assert verdict_on(an_act(written)).denied


def reference(glob: list[str], path: list[str]) -> bool:
    """The meaning of a glob, as slowly and plainly as it can be said."""
    if not glob:
        return not path
    if glob[0] == "**":
        if glob[1:] == [] or glob[1:] == ["**"]:
            return True
        return any(reference(glob[1:], path[at:]) for at in range(len(path) + 1))
    return (
        bool(path)
        and re.fullmatch(translate(glob[0]), path[0]) is not None
        and reference(glob[1:], path[1:])
    )


@given(GLOBS, PATHS)
def test_a_glob_fits_what_its_meaning_says(parts, path):
    assume(not any("**" in part and part != "**" for part in parts))
    assume(not {".", ".."} & set(parts))
    glob, steps = "/".join(parts), path.split("/")
    fits = compiled(path_regex(glob, loose=False)).fullmatch(path) is not None
    heads = [steps[:end] for end in range(1, len(steps) + 1)]
    wild = set("*?") & set(parts[-1])
    anywhere = ["**", *parts] if len(parts) == 1 else parts
    tried = [steps] if wild else heads  # a plain name is also a folder, with all that is in it
    assert fits == any(reference(anywhere, head) for head in tried)
    loosely = compiled(path_regex(glob, loose=True)).fullmatch(path.upper()) is not None
    assert loosely or not fits


@pytest.mark.parametrize(
    ("glob", "fits", "fails"),
    [
        ("*.md", ["a.md", "x/y/a.md"], ["a.mdx", "a.md/x"]),
        ("/*.md", ["a.md"], ["x/a.md"]),
        ("docs", ["docs", "docs/a", "x/docs/y"], ["docsx", "xdocs"]),
        ("docs/", ["docs", "docs/a"], ["x/docs"]),
        ("docs/*", ["docs/a"], ["docs", "docs/a/b"]),
        ("docs/**", ["docs", "docs/a", "docs/a/b"], ["x/docs/a", "docsx"]),
        ("**/docs/**", ["docs", "x/docs/y/z"], ["xdocs/y"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b", "a/b/c"], ["ab", "a/xb"]),
        ("./a/b", ["a/b"], ["x/a/b"]),
        ("**", ["a", "a/b", ""], []),
        ("a?c", ["abc"], ["ac", "a/c", "abbc"]),
        ("[ab]", ["a", "b"], ["c", "ab"]),
        ("[!ab]", ["c"], ["a", "b"]),
        ("x[^a]y", ["xby"], ["xay", "x/y"]),
        ("[a-c]1", ["b1"], ["d1", "-1"]),
        ("[]x]", ["]", "x"], ["a"]),
        ("[.$]", [".", "$"], ["a"]),
        ("*.{yml,yaml}", ["a.yml", "x/a.yaml"], ["a.yl", "a.{yml,yaml}"]),
        ("{a,b{c,d}}/x", ["a/x", "bc/x", "bd/x"], ["b/x"]),
        ("a,b}", ["a,b}"], ["a"]),
        ("a+(b)$.md", ["a+(b)$.md"], ["aab.md"]),
        ("é/*", ["é/x"], ["e\u0301x/x"]),
    ],
)
def test_globs_mean_what_people_expect(glob, fits, fails):
    regex = compiled(path_regex(glob, loose=False))
    assert [path for path in fits if not regex.fullmatch(path)] == []
    assert [path for path in fails if regex.fullmatch(path)] == []


@pytest.mark.parametrize(
    "glob",
    [
        "[a",
        "{a,b",
        "{a/b,c}",
        "a**b",
        "***",
        "a//b",
        "../a",
        "a/./b",
        "!a",
        "a\\b",
        "a\u200b",
        "[!",
        "a\0",
    ],
)
def test_a_glob_that_means_nothing_is_refused(glob):
    with pytest.raises(BadPattern):
        compiled(path_regex(glob, loose=False))


def test_names_are_compared_whole_and_wildcards_fit_anything():
    regex = compiled(name_regex("github/*", loose=False))
    assert regex.fullmatch("github/issues/create")
    assert not regex.fullmatch("xgithub/a")
    assert compiled(name_regex("Fs.Read", loose=True)).fullmatch("fs.read")


def test_folders_above_are_those_that_a_glob_names():
    regex = compiled(above_regex("a/b/*/c"))
    assert [path for path in ("", "a", "a/b", "a/b/c", "b", "x") if regex.fullmatch(path)] == [
        "", "a", "a/b",
    ]  # fmt: skip


def test_a_set_that_does_not_fit_into_memory_still_answers():
    many = Patterns([f"(?:[^/]+/)*n{at}[^/]*x[^/]*y{at}" for at in range(30_000)], whole=True)
    assert many._set is None
    assert many.matching("a/n29999-x-y29999") == [29_999]
    few = Patterns(["a", "b+"], whole=True)
    assert (few._set is not None, few.matching("bb"), few.matching("c")) == (True, [1], [])
