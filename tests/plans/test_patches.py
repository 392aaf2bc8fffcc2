"""Patches: Git itself applies what we write, and we read what Git itself writes."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.diffs.hunks import hunks_between
from apps.common.diffs.matching import lines_of
from apps.plans.errors import PatchInvalid
from apps.plans.patches.files import FilePatch
from apps.plans.patches.reading import read_patch
from apps.plans.patches.writing import patch_text
from tests.plans.trees import changes, edited, git, read_tree, texts, write_tree

COMMIT = (
    *("-c", "user.name=T", "-c", "user.email=t@example.org"),
    *("commit", "-q", "--allow-empty", "-m", "x"),
)
GIT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(changes())
@GIT
def test_git_applies_what_we_write(found):
    before, files, after = found
    if not files:
        return
    patch = patch_text(files)
    with TemporaryDirectory() as place:
        root = Path(place)
        write_tree(root, before)
        git(root, "init", "-q")
        git(root, "apply", "--whitespace=nowarn", given=patch)
        assert read_tree(root) == after


@given(changes())
@GIT
def test_we_read_what_git_writes_and_write_it_so_that_git_applies_it(found):
    before, _, after = found
    if before == after:
        return
    with TemporaryDirectory() as place:
        root = Path(place)
        write_tree(root / "tree", before)
        git(root, "init", "-q", "tree")
        tree = root / "tree"
        git(tree, "add", "-A", "-f")
        git(tree, *COMMIT)
        for path in before.keys() - after.keys():
            (tree / path).unlink()
        write_tree(tree, after)
        git(tree, "add", "-A", "-f")
        theirs = git(tree, "diff", "--cached", "-M", "--text", "HEAD")
        files = read_patch(theirs)
        write_tree(root / "again", before)
        git(root, "init", "-q", "again")
        git(root / "again", "apply", "--whitespace=nowarn", given=patch_text(files))
        assert read_tree(root / "again") == after


@given(changes())
def test_what_we_write_reads_back_as_it_was(found):
    _, files, _ = found
    if files:
        assert read_patch(patch_text(files)) == files


@given(texts.flatmap(lambda old: st.tuples(st.just(old), st.one_of(texts, edited(old)))))
def test_hunks_lead_from_one_text_to_the_other(pair):
    old, new = pair
    lines, grown = lines_of(old), 0
    for hunk in hunks_between(old, new):
        start = hunk.old_start - (hunk.old_count > 0) + grown
        gone = [_text(line) for line in hunk.lines if line.kind != "+"]
        come = [_text(line) for line in hunk.lines if line.kind != "-"]
        assert lines[start : start + len(gone)] == gone
        assert hunk.new_start - (hunk.new_count > 0) == start
        lines[start : start + len(gone)] = come
        grown += len(come) - len(gone)
    assert "".join(lines) == new


def _text(line):
    return line.text + ("\n" if line.ended else "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n" * 200_000, "b\n" * 200_000),
        ("a\nb\n" * 100_000, "b\na\n" * 100_001),
        (
            "".join(f"{n}\n" for n in range(100_000)),
            "".join(f"{n}\n" for n in range(100_000))[::-1],
        ),
        (
            "".join(f"{n}\n" + "a\nb\nb\n" * 30 for n in range(5_000)),
            "".join(f"{n}\n" + "b\na\na\n" * 30 for n in range(5_000)),
        ),
    ],
)
def test_no_pair_of_texts_takes_long(old, new):
    began = time.process_time()
    assert hunks_between(old, new)
    assert time.process_time() - began < 8


GOOD = """\
diff --git a/api/x.py b/api/x.py
index 1111111..2222222 100644
--- a/api/x.py
+++ b/api/x.py
@@ -1,2 +1,2 @@ def x():
-old
+new
 same
"""


def test_lines_are_counted_from_the_hunks():
    [file] = read_patch(GOOD)
    assert (file.path, file.added, file.removed) == ("api/x.py", 1, 1)
    removed = "--- a/x\n+++ b/x\n@@ -1,3 +1,2 @@\n a\n--- b/etc\n+++ c\n-c\n"
    [file] = read_patch(removed)
    assert (file.path, file.added, file.removed) == ("x", 1, 2)


def header(*lines: str) -> str:
    return "\n".join([*lines, ""])


EDIT = ("--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b")
REFUSED = [
    ("", 1, "no file"),
    ("hello\n", 1, "diff --git"),
    (header("commit 123", "", *EDIT), 1, "diff --git"),
    (header("diff --git a/x b/x", "old mode 100644", "new mode 100755"), 2, "modes"),
    (header("diff --git a/x b/x", "new file mode 120000", *EDIT), 2, "100644"),
    (header("diff --git a/x b/x", "new file mode 160000"), 2, "100644"),
    (header("diff --git a/x b/x", "new file mode 100755"), 2, "100644"),
    (header("diff --git a/x b/x", "deleted file mode 120000"), 2, "links"),
    (header("diff --git a/x b/x", "index 1111..2222 120000", *EDIT), 2, "links"),
    (header("diff --git a/x b/y", "copy from x", "copy to y"), 2, "copy"),
    (header("diff --git a/x b/x", "index 1111..2222", "GIT binary patch"), 3, "binary"),
    (header("diff --git a/x b/x", "Binary files a/x and b/x differ"), 2, "binary"),
    (header("diff --git a/x b/y", "rename from x", "rename to z"), 1, "other paths"),
    (header("diff --git a/x b/y", "rename from x"), 1, "both"),
    (header("diff --git a/x b/x", "rename from x", "rename to x"), 1, "comes from"),
    (header("diff --git a/x b/y", "rename from x", "rename to y", *EDIT), 1, "different paths"),
    (header("diff --git a/y b/y", *EDIT), 1, "other paths"),
    (header("diff --git a/x b/x"), 1, "nothing is changed"),
    (
        header("diff --git a/x b/x", "--- /dev/null", "+++ b/x", "@@ -0,0 +1 @@", "+a"),
        1,
        "new file",
    ),
    (header("--- a/x", "+++ b/y", "@@ -1 +1 @@", "-a", "+b"), 1, "different paths"),
    (header("--- x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b"), 1, "a/"),
    (header("--- a/x", "+++ /x", "@@ -1 +1 @@", "-a", "+b"), 2, "b/"),
    (header("--- /dev/null", "+++ /dev/null", "@@ -1 +1 @@", "-a", "+b"), 1, "not two"),
    (header("--- a/x\r", "+++ b/x\r", "@@ -1 +1 @@", "-a", "+b"), 1, "carriage return"),
    (header('--- "a/x', "+++ b/x", "@@ -1 +1 @@", "-a", "+b"), 1, "quotes"),
    (header('--- "a/\\q"', "+++ b/x", "@@ -1 +1 @@", "-a", "+b"), 1, "quoted"),
    (header('--- "a/\\377"', "+++ b/x", "@@ -1 +1 @@", "-a", "+b"), 1, "UTF-8"),
    (header("--- a/x", "@@ -1 +1 @@", "-a", "+b"), 2, "+++"),
    (header("--- a/x", "+++ b/x", "-a", "+b"), 3, "hunk is missing"),
    (header("--- a/x", "+++ b/x", "@@ what @@", "-a", "+b"), 3, "A hunk begins"),
    (header("--- a/x", "+++ b/x", "@@ -1,2 +1 @@", "-a", "+b"), 3, "fewer"),
    (header("--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "-b", "+b"), 5, "other lines"),
    (header("--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b", "+c"), 6, "more lines"),
    (header("--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b", " c"), 6, "more lines"),
    (header("--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b", "-c"), 6, "more lines"),
    (header("--- a/x", "+++ b/x", "@@ -1 +1 @@", " a"), 3, "changes nothing"),
    (header("--- a/x", "+++ b/x", "@@ -0 +1 @@", "-a", "+b"), 3, "begins before"),
    (header("--- a/x", "+++ b/x", "@@ -5 +6 @@", "-a", "+b"), 3, "begins at 5"),
    (header(*EDIT, "@@ -1 +1 @@", "-a", "+b"), 6, "begins before"),
    (header("--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", "-a", "\\ No", "-b", "+c", "+d"), 6, "end"),
    (header("--- /dev/null", "+++ b/x", "@@ -1 +1,2 @@", " a", "+b"), 1, "+ or -"),
]


@pytest.mark.parametrize(("patch", "line", "says"), REFUSED)
def test_what_is_no_plain_patch_is_refused_with_its_line(patch, line, says):
    with pytest.raises(PatchInvalid) as refused:
        read_patch(patch)
    [detail] = refused.value.details
    assert says in detail["message"]
    assert detail["line"] == line


@given(
    st.text(max_size=300) | st.lists(st.sampled_from(GOOD.splitlines()), max_size=20).map("\n".join)
)
@settings(max_examples=300)
def test_anything_is_read_or_refused(text):
    try:
        files, faults = read_patch(text), []
    except PatchInvalid as refused:
        files, faults = (), refused.details
    assert all(isinstance(file, FilePatch) for file in files)
    assert bool(files) != bool(faults)


def test_a_patch_of_very_many_hunks_is_read_in_time_that_grows_with_it():
    hunks = "".join(f"@@ -{n} +{n} @@\n-a\n+b\n" for n in range(1, 40_001))
    began = time.process_time()
    [file] = read_patch(f"--- a/x\n+++ b/x\n{hunks}")
    assert (file.added, file.removed) == (40_000, 40_000)
    assert time.process_time() - began < 5
