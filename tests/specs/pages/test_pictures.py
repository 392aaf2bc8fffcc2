"""Specs as groups and boxes, and the lines between them."""

from uuid import UUID

import pytest

from apps.specs.changes.values import LinkState
from apps.specs.choices import LinkKind
from apps.specs.pages.pictures import BOX, Drawn, groups_of, neighbourhood, overview

IDS = {
    key: UUID(int=number)
    for number, key in enumerate(["DOC-1", "SEC-1", "REQ-1", "REQ-2", "GOAL-1", "TEST-1"])
}


def drawn(key, kind, parent=None, rank="", **said) -> Drawn:
    of = IDS[parent] if parent else None
    title = said.pop("title", f"About {key}")
    return Drawn(id=IDS[key], key=key, title=title, kind=kind, parent=of, rank=rank, **said)


NODES = [
    drawn("REQ-2", "requirement", "DOC-1", "b", is_suspect=True),
    drawn("REQ-1", "requirement", "SEC-1", "a"),
    drawn("SEC-1", "section", "DOC-1", "a"),
    drawn("DOC-1", "spec"),
    drawn("GOAL-1", "goal"),
    drawn("TEST-1", "test"),
]
LINKS = [
    LinkState(IDS["REQ-1"], LinkKind.REFINES, IDS["GOAL-1"]),
    LinkState(IDS["REQ-2"], LinkKind.REFINES, IDS["GOAL-1"]),
    LinkState(IDS["REQ-2"], LinkKind.DEPENDS_ON, IDS["REQ-1"]),
    LinkState(IDS["TEST-1"], LinkKind.VERIFIES, IDS["REQ-1"]),
]


def picture(*opened):
    return overview(
        groups_of(NODES),
        LINKS,
        opened=opened,
        page_of=lambda key: f"/{key}/",
        turned=lambda name: f"?open={name}",
    )


def test_documents_hold_their_parts_in_order_and_the_rest_goes_by_kind():
    assert [(g.name, [m.key for m in g.members]) for g in groups_of(NODES)] == [
        ("DOC-1", ["DOC-1", "SEC-1", "REQ-1", "REQ-2"]),
        ("goal", ["GOAL-1"]),
        ("test", ["TEST-1"]),
    ]


def test_parts_of_each_other_are_shown_all_the_same():
    one = Drawn(id=UUID(int=1), key="A-1", title="", kind="spec", parent=UUID(int=2))
    other = Drawn(id=UUID(int=2), key="A-2", title="", kind="spec", parent=UUID(int=1))
    members = [member for group in groups_of([one, other]) for member in group.members]
    assert {member.key for member in members} == {"A-1", "A-2"}


def test_closed_groups_are_a_box_with_what_is_in_it_and_lines_count():
    shown = picture()
    assert [(box.label, box.below) for box in shown.boxes] == [
        ("DOC-1 About DOC-1", "4 specs, 1 suspect"),
        ("Other: goal", "1 spec"),
        ("Other: test", "1 spec"),
    ]
    assert {(line.said, line.weight) for line in shown.lines} == {
        ("DOC-1 About DOC-1 2 refines Other: goal", "some"),
        ("Other: test verifies DOC-1 About DOC-1", "one"),
    }
    document, goal, test = shown.boxes
    assert goal.place.x < document.place.x < test.place.x


def test_an_open_group_has_a_box_for_each_within_its_frame():
    shown = picture("DOC-1")
    [frame] = shown.frames
    inside = [box for box in shown.boxes if box.url in ("/DOC-1/", "/SEC-1/", "/REQ-1/", "/REQ-2/")]
    assert len(inside) == 4
    for box in inside:
        assert frame.place.x < box.place.x
        assert box.place.x + BOX.width < frame.place.x + frame.size.width
        assert frame.place.y < box.place.y
        assert box.place.y + BOX.height < frame.place.y + frame.size.height
    assert "REQ-2 depends on REQ-1" in {line.said for line in shown.lines}


@pytest.mark.parametrize("text", ["A title that says more than there is room for", "x" * 200])
def test_lines_fit_their_box_and_the_whole_is_told(text):
    node = drawn("GOAL-1", "goal", title=text)
    [box] = neighbourhood([node], [], centre=node.id, page_of=str).boxes
    assert len(box.below) <= 27
    assert text in box.said
    assert box.is_centre
