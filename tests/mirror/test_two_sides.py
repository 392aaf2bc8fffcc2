"""Whatever two sides do, in whatever order: nothing that anybody wrote is lost, both say the same
in the end but for what they disagree on, and to ask again changes nothing.
"""

import re
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from apps.accounts.choices import Role
from apps.mirror.choices import FileState
from apps.policies.services.versions import apply_policy
from apps.specs.models.graph import Node, Version
from apps.specs.models.proposals import Proposal
from tests.factories import WorkspaceFactory, member
from tests.mirror.conftest import Folder
from tests.mirror.test_outwards import change
from tests.policies.releasing import at_once
from tests.specs.paper.test_importing import OPEN

FILES, PARTS = 3, 3
WORD = re.compile(r"w[0-9]+w")
TEXT = "# File {at}\n\nAbout {at}.\n" + "".join(
    f"\n## Part {part}\n\nFirst line.\n\nKept {{at}} {part}.\n\nLast line.\n"
    for part in range(PARTS)
)

a_file, a_part = st.integers(0, FILES - 1), st.integers(0, PARTS - 1)
an_end = st.sampled_from(["First line", "Last line"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("edit on disk"), a_file, a_part, an_end),
        st.tuples(st.just("edit in graph"), a_file, a_part, an_end),
        st.tuples(st.just("reword on disk"), a_file, a_part),
        st.tuples(st.just("rename on disk"), a_file),
        st.tuples(st.just("delete part on disk"), a_file, a_part),
        st.tuples(st.just("delete part in graph"), a_file, a_part),
        st.tuples(st.just("add part on disk"), a_file),
        st.tuples(st.just("add part in graph"), a_file),
        st.tuples(st.just("sync")),
    ),
    min_size=3,
    max_size=14,
)


class Sides:
    """Every text that is written has a word of its own."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0
        self.paths = [f"file-{at}.md" for at in range(FILES)]
        for at, path in enumerate(self.paths):
            folder.write(path, TEXT.format(at=at))
        folder.sync()

    def word(self):
        self.count += 1
        return f"w{self.count}w"

    def do(self, step):
        name, *given = step
        getattr(self, name.replace(" ", "_"))(*given)

    def sync(self):
        before = self.on_disk()
        self.folder.sync()
        kept = self.on_disk() + self.anywhere_in_graph()
        assert not before.keys() - kept.keys()

    def on_disk(self):
        return Counter(
            word for path in self.folder.paths() for word in WORD.findall(self.folder.read(path))
        )

    def anywhere_in_graph(self):
        """In any version, or in what was proposed."""
        mine = {"workspace": self.folder.workspace}
        said = [f"{row.title} {row.body}" for row in Version.objects.filter(**mine)]
        said += [str(row.operations) for row in Proposal.objects.filter(**mine)]
        return Counter(WORD.findall(" ".join(said)))

    def edit_on_disk(self, at, part, line):
        text = self.folder.read(self.paths[at])
        cut = re.split(r"(?m)^(?=## )", text)
        for number, piece in enumerate(cut):
            if f"Kept {at} {part}." in piece:
                cut[number] = re.sub(rf"(?m)^{line}.*$", f"{line} {self.word()}.", piece)
        self.folder.write(self.paths[at], "".join(cut))

    def reword_on_disk(self, at, part):
        text = self.folder.read(self.paths[at])
        new = re.sub(rf"(?m)^## Part {part}.*$", f"## Part {part} {self.word()}", text)
        self.folder.write(self.paths[at], new)

    def rename_on_disk(self, at):
        new = f"renamed-{self.count}-{at}.md"
        self.count += 1
        (self.folder.root / self.paths[at]).rename(self.folder.root / new)
        self.paths[at] = new

    def delete_part_on_disk(self, at, part):
        cut = re.split(r"(?m)^(?=## )", self.folder.read(self.paths[at]))
        left = [piece for piece in cut if f"Kept {at} {part}." not in piece]
        self.folder.write(self.paths[at], "".join(left))

    def add_part_on_disk(self, at):
        text, word = self.folder.read(self.paths[at]), self.word()
        self.folder.write(self.paths[at], f"{text}\n## New {word}\n\nIt says {word}.\n")

    def node(self, at, part):
        live = Node.objects.live().filter(workspace=self.folder.workspace)
        return live.filter(body__contains=f"Kept {at} {part}.").first()

    def edit_in_graph(self, at, part, line):
        if node := self.node(at, part):
            body = re.sub(rf"(?m)^{line}.*$", f"{line} {self.word()}.", node.body)
            change(self.folder, {"op": "edit", "target": str(node.id), "body": body})

    def delete_part_in_graph(self, at, part):
        if node := self.node(at, part):
            change(self.folder, {"op": "delete", "target": str(node.id)})

    def add_part_in_graph(self, at):
        word = self.word()
        change(
            self.folder,
            {"op": "create", "kind": "section", "parent": f"SPEC.file-{at}", "title": f"New {word}",
             "body": f"It says {word}.", "key": f"SPEC.file-{at}.new-{word}"},
        )  # fmt: skip

    def check_alike(self):
        """Of each file that both sides agree on, every body is a body of the workspace."""
        for row in self.folder.mirror.files.all():
            text = self.folder.read(row.path)
            below = Node.objects.live().filter(workspace=self.folder.workspace)
            document = below.get(id=row.document)
            parts = list(below.filter(parent_id=document.id).order_by("rank"))
            if row.state == FileState.AGREED:
                titles = re.findall(r"(?m)^## (.*)$", text)
                assert [part.title for part in parts] == titles
                assert all(part.body in text for part in [document, *parts])
            else:
                assert row.said


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_two_sides(db, steps):
    workspace = WorkspaceFactory.create()
    owner = member(workspace, Role.OWNER)
    member(workspace, Role.REVIEWER)
    at_once(apply_policy(text=OPEN, workspace=workspace.id, actor=owner))
    with tempfile.TemporaryDirectory() as root:
        sides = Sides(Folder(Path(root), workspace, owner))
        for step in steps:
            note(str(step))
            sides.do(step)
        sides.sync()
        assert sides.folder.sync().is_nothing
        sides.check_alike()
