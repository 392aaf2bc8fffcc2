"""Folders of files as Git has them, and what Git itself makes of a patch."""

import subprocess
from pathlib import Path

from hypothesis import strategies as st

from apps.common.diffs.hunks import hunks_between
from apps.plans.choices import Action
from apps.plans.patches.files import FilePatch

_LETTERS = st.sampled_from([*"abcXYZ019_-", " ", "é", "ß", "日", '"', "'", "(", "+"])
_names = st.text(_LETTERS, min_size=1, max_size=6).map(str.strip).filter(bool)
_lines = st.sampled_from(
    [
        "",
        "a",
        "b",
        "c",
        "  x = 1",
        "-- x",
        "++ y",
        "- z",
        "@@ -1 +1 @@",
        "\\ No",
        "ü",
        "\u2028",
        "\x0b",
    ]
)
_ends = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])
_body = st.lists(st.builds(str.__add__, _lines, _ends), max_size=30).map("".join)
texts = st.builds(str.__add__, _body, st.sampled_from(["", "", "last", "\r"]))


@st.composite
def edited(draw, text):
    lines = text.splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines)))
        end = draw(st.integers(at, min(len(lines), at + 3)))
        lines[at:end] = draw(st.lists(st.builds(str.__add__, _lines, _ends), max_size=3))
    return "".join(lines)


@st.composite
def changes(draw):
    """The tree before, the changes, and the tree after."""
    before, after, files = {}, {}, []
    kinds = draw(st.lists(st.sampled_from([*Action, None]), min_size=1, max_size=6))
    for number, kind in enumerate(kinds):
        folder = draw(st.sampled_from(["", "api/", "do cs/é/"]))
        path = f"{folder}{number}{draw(_names)}"
        old = draw(texts)
        if kind != Action.CREATE:
            before[path] = after[path] = old
        if kind is None:
            continue
        new = draw(st.one_of(texts, edited(old)))
        if kind == Action.CREATE:
            after[path] = new
            files.append(FilePatch(action=kind, path=path, hunks=hunks_between("", new)))
        elif kind == Action.DELETE:
            del after[path]
            files.append(FilePatch(action=kind, path=path, hunks=hunks_between(old, "")))
        elif kind == Action.EDIT and old != new:
            after[path] = new
            files.append(FilePatch(action=kind, path=path, hunks=hunks_between(old, new)))
        elif kind == Action.RENAME:
            to = f"{draw(st.sampled_from(['', 'new/']))}{number}-{draw(_names)}-to"
            del after[path]
            after[to] = new = draw(st.sampled_from([old, new]))
            hunks = hunks_between(old, new)
            files.append(FilePatch(action=kind, path=path, to=to, hunks=hunks))
    return before, tuple(files), after


def write_tree(root: Path, tree: dict[str, str]) -> None:
    for path, text in tree.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())


def read_tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): path.read_bytes().decode()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


def git(root: Path, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["git", "-c", "core.autocrlf=false", "-c", "core.safecrlf=false", *arguments],
        cwd=root,
        input=given.encode(),
        capture_output=True,
        check=False,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(root), "GIT_CONFIG_NOSYSTEM": "1"},
    )
    assert done.returncode == 0, (done.stderr.decode(), given)
    return done.stdout.decode()
