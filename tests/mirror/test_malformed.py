"""Whatever stands in files is taken or told. It hurts no other file, and is not written over."""

import os
import time

import pytest

from apps.mirror.choices import FileState
from tests.malformed import markdown
from tests.mirror.test_inwards import SHOP, live
from tests.seeds import chosen_seed


def spoiled(seed, how_many):
    """Names and contents. Some names are no UTF-8."""
    for at in range(how_many):
        text = markdown.case(seed, at, bombs=False)  # one of them alone is thousands of nodes
        content = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
        yield b"f%d%s.md" % (at, b"\xe9" if at % 20 == 7 else b""), content


def survive(folder, how_many, seed):
    """Files of which some were taken, and of which the others are told."""
    folder.write("sound.md", SHOP)
    folder.write("goal.md", "---\nkey: GOAL-1\nkind: goal\n---\n\n# GOAL-1: Sell\n")
    contents = dict(spoiled(seed, how_many))
    for name, content in contents.items():
        (folder.root / os.fsdecode(name)).write_bytes(content)
    told = folder.sync(inwards="policy")
    for name, content in contents.items():
        assert (folder.root / os.fsdecode(name)).read_bytes() == content
    assert {"SPEC.sound", "SPEC.sound.paying", "GOAL-1"} <= live(folder.workspace).keys()
    assert folder.sync().is_nothing
    states = dict(folder.mirror.files.values_list("path", "state"))
    for name in contents:
        path = name.decode(errors="backslashreplace")
        agreed = states.get(path) == FileState.AGREED
        assert agreed or path in told.faults, f"{path}: {states.get(path)}, and not told"
    return sum(state == FileState.AGREED for state in states.values())


def test_spoiled_files_are_taken_or_told(folder):
    assert 10 < survive(folder, 60, 20261121) < 62


@pytest.mark.torture
@pytest.mark.row(12)
@pytest.mark.timeout(3600)
def test_two_thousand_spoiled_files(folder, figures):
    began = time.monotonic()
    taken = survive(folder, 2_000, chosen_seed())
    figures(
        f"2,000 spoiled Markdown files in one folder: {taken:,} taken, all others told, none "
        f"written over, {time.monotonic() - began:.0f} s"
    )
