"""Files that are proposed with what they link to: one that is not taken keeps no other out."""

from graphlib import TopologicalSorter
from itertools import pairwise
from unittest.mock import Mock

from apps.mirror import grouping
from apps.mirror.choices import FileState
from apps.mirror.grouping import groups_of
from tests.mirror.test_inwards import live

GOAL = "---\nkey: GOAL-1\nkind: goal\n---\n\n# GOAL-1: Sell\n"


def linked(key, *links):
    said = "".join(f"\n  {kind}: [{to}]" for kind, to in links)
    return f"---\nkey: {key}\nkind: requirement\nlinks:{said}\n---\n\n# {key}: It\n\nIt SHALL.\n"


def wheel(folder):
    """Two that depend on each other, which no check lets pass, and one that does not."""
    folder.write("goal.md", GOAL)
    folder.write("a.md", linked("REQ-1", ("refines", "GOAL-1"), ("depends_on", "REQ-2")))
    folder.write("b.md", linked("REQ-2", ("depends_on", "REQ-1")))
    folder.write("c.md", linked("REQ-3", ("refines", "GOAL-1")))


def test_what_others_link_to_is_taken_although_they_are_not(folder, workspace):
    wheel(folder)
    told = folder.sync()
    assert sorted(live(workspace)) == ["GOAL-1", "REQ-3"]
    assert told.faults.keys() == {"a.md", "b.md"}
    assert folder.row("a.md").state == FileState.REFUSED
    assert folder.sync().is_nothing


def test_what_needs_what_waits_is_left_until_that_is_decided(folder, workspace):
    wheel(folder)
    told = folder.sync(inwards="propose")
    assert folder.row("goal.md").state == FileState.WAITS
    assert told.is_left
    assert "waits for people" in " ".join(told.faults.values())
    folder.sync(inwards="propose")
    assert folder.mirror.files.filter(proposal__state="in_review").count() == 1


def link(one, to):
    return {"op": "link", "target": one, "kind": "refines", "to": to}


def grouped(operations, names="abcde"):
    paths = {name: {f"{name}.md"} for name in names}
    return groups_of(operations, paths=paths, bound=(), together=(), most=500, most_lines=800)


def test_what_is_needed_comes_first_and_what_needs_each_other_stays_together():
    operations = [link("a", "b"), link("b", "c"), link("c", "b"), link("b", "d")]
    creates = [{"op": "create", "key": name} for name in "abcde"]
    one, other = grouped([*creates, *operations])
    assert [part.paths for part in one.parts] == [("d.md",), ("b.md", "c.md"), ("a.md",)]
    assert one.is_chain
    assert other.paths == ("e.md",)
    gone = [{"op": "delete", "target": "a"}, {**link("b", "a"), "op": "unlink"}]
    [group] = grouped(gone)
    assert [part.paths for part in group.parts] == [("b.md",), ("a.md",)]
    assert group.operations == gone


def test_however_many_need_each_other_they_are_put_in_order_once(monkeypatch):
    sorted_anew = Mock(wraps=TopologicalSorter)
    monkeypatch.setattr(grouping, "TopologicalSorter", sorted_anew)
    names = [str(at) for at in range(60)]
    creates = [{"op": "create", "key": name} for name in names]
    links = []
    for one, other in zip(names[::2], names[1::2], strict=True):
        links += [link(one, other), link(other, one)]
    chain = [link(one, other) for one, other in pairwise(names[::2])]
    [group] = grouped([*creates, *links, *chain], names)
    paths = [f"{name}.md" for name in names]
    pairs = list(zip(paths[::2], paths[1::2], strict=True))
    assert [part.paths for part in group.parts] == [tuple(sorted(pair)) for pair in pairs[::-1]]
    assert sorted_anew.call_count == 1
