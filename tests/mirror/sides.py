"""A folder and a workspace to which everybody does what they like, in any order. Every text that
somebody writes has a word of its own, by which it is found again.
"""

import re
import tempfile
from collections import Counter
from pathlib import Path

from django.db import connection
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from hypothesis.strategies import integers, sampled_from

from apps.accounts.choices import Role
from apps.mirror.choices import FileState, Inwards, Outwards
from apps.policies.services.versions import apply_policy
from apps.specs.models.graph import Node, Version
from apps.specs.models.proposals import Proposal
from tests.deliveries import deliver
from tests.factories import WorkspaceFactory, member
from tests.mirror.folders import Folder
from tests.mirror.test_outwards import change
from tests.policies.releasing import at_once
from tests.specs.paper.test_importing import OPEN
from tests.specs.proposing import decide

FILES, PARTS = 4, 3
WORD = re.compile(r"w[0-9]+w")
TEXT = "# File {at}\n\nAbout {at}.\n" + "".join(
    f"\n## Part {part}\n\nFirst line.\n\nKept {{at}} {part}.\n\nLast line.\n"
    for part in range(PARTS)
)
a_file, a_part = integers(0, FILES - 1), integers(0, PARTS - 1)
an_end = sampled_from(["First line", "Last line"])


class Sides(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        workspace = WorkspaceFactory.create()
        owner = member(workspace, Role.OWNER)
        self.reviewer = member(workspace, Role.REVIEWER)
        at_once(apply_policy(text=OPEN, workspace=workspace.id, actor=owner))
        self.root = tempfile.TemporaryDirectory()
        self.folder = Folder(Path(self.root.name).resolve(), workspace, owner)
        self.count = 0
        self.paths = [f"file-{at}.md" for at in range(FILES)]
        for at, path in enumerate(self.paths):
            self.folder.write(path, TEXT.format(at=at))
        self.folder.sync()

    def word(self):
        self.count += 1
        return f"w{self.count}w"

    # --- on the disk

    def text(self, at):
        file = self.folder.root / self.paths[at]
        return file.read_text() if file.exists() else None

    def rewrite(self, at, text):
        if self.text(at) is not None:
            self.folder.write(self.paths[at], text)

    def cut(self, at):
        return re.split(r"(?m)^(?=## )", self.text(at) or "")

    @rule(at=a_file, part=a_part, line=an_end)
    def edit_on_disk(self, at, part, line):
        cut = self.cut(at)
        for number, piece in enumerate(cut):
            if f"Kept {at} {part}." in piece:
                cut[number] = re.sub(rf"(?m)^{line}.*$", f"{line} {self.word()}.", piece)
        self.rewrite(at, "".join(cut))

    @rule(at=a_file, part=a_part)
    def reword_on_disk(self, at, part):
        new = f"## Part {part} {self.word()}"
        self.rewrite(at, re.sub(rf"(?m)^## Part {part}.*$", new, self.text(at) or ""))

    @rule(at=a_file, part=a_part)
    def delete_part_on_disk(self, at, part):
        kept = f"Kept {at} {part}."
        self.rewrite(at, "".join(piece for piece in self.cut(at) if kept not in piece))

    @rule(at=a_file)
    def add_part_on_disk(self, at):
        word = self.word()
        self.rewrite(at, f"{self.text(at)}\n## New {word}\n\nIt says {word}.\n")

    @rule(at=a_file, to=a_file, part=a_part)
    def move_part_on_disk(self, at, to, part):
        kept = f"Kept {at} {part}."
        moved = [piece for piece in self.cut(at) if kept in piece]
        if moved and at != to and self.text(to) is not None:
            self.delete_part_on_disk(at, part)
            self.rewrite(to, "\n".join([self.text(to).rstrip("\n") + "\n", moved[0]]))

    @rule(at=a_file)
    def rename_on_disk(self, at):
        self.count += 1
        new = f"renamed-{self.count}-{at}.md"
        if self.text(at) is not None:
            (self.folder.root / self.paths[at]).rename(self.folder.root / new)
            self.paths[at] = new

    @rule(at=a_file)
    def delete_on_disk(self, at):
        (self.folder.root / self.paths[at]).unlink(missing_ok=True)

    @rule(at=a_file)
    def bring_back_on_disk(self, at):
        if self.text(at) is None:
            self.folder.write(self.paths[at], TEXT.format(at=at))

    # --- in the workspace

    def node(self, at, part):
        live = Node.objects.live().filter(workspace=self.folder.workspace)
        return live.filter(body__contains=f"Kept {at} {part}.").first()

    @rule(at=a_file, part=a_part, line=an_end)
    def edit_in_graph(self, at, part, line):
        if node := self.node(at, part):
            body = re.sub(rf"(?m)^{line}.*$", f"{line} {self.word()}.", node.body)
            change(self.folder, {"op": "edit", "target": str(node.id), "body": body})

    @rule(at=a_file, part=a_part)
    def delete_part_in_graph(self, at, part):
        if node := self.node(at, part):
            change(self.folder, {"op": "delete", "target": str(node.id)})

    @rule(at=a_file)
    def add_part_in_graph(self, at):
        word, live = self.word(), Node.objects.live().filter(workspace=self.folder.workspace)
        if document := live.filter(key=f"SPEC.file-{at}").first():
            change(
                self.folder,
                {"op": "create", "kind": "section", "parent": document.key, "title": f"New {word}",
                 "body": f"It says {word}.", "key": f"{document.key}.new-{word}"},
            )  # fmt: skip

    @rule(decision=sampled_from(["approve", "reject"]))
    def vote(self, decision):
        deliver()
        waiting = Proposal.objects.filter(workspace=self.folder.workspace, state="in_review")
        if proposal := waiting.order_by("id").first():
            decide(proposal, self.reviewer, decision, comment="So be it.")

    # --- between both

    @rule(inwards=sampled_from(Inwards), outwards=sampled_from(Outwards))
    def go_round(self, inwards, outwards):
        """Whatever stood on the disk stands there, or somewhere in the workspace."""
        self.round(inwards=inwards, outwards=outwards)

    @rule()
    def accept(self):
        self.round(outwards=Outwards.PROPOSE, accepts=frozenset())

    def round(self, **manner):
        before = self.on_disk()
        told = self.folder.sync(**manner)
        lost = before - self.on_disk() - self.anywhere_in_graph()
        assert not lost, f"{lost} were lost"
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        return told

    def on_disk(self):
        read = self.folder.read
        return Counter({word for path in self.folder.paths() for word in WORD.findall(read(path))})

    def anywhere_in_graph(self):
        """In any version, or in what was proposed."""
        mine = {"workspace": self.folder.workspace}
        said = [f"{row.title} {row.body}" for row in Version.objects.filter(**mine)]
        said += [str(row.operations) for row in Proposal.objects.filter(**mine)]
        return Counter(set(WORD.findall(" ".join(said))))

    def teardown(self):
        if not hasattr(self, "root"):
            return
        with self.root:
            for _ in range(3):
                self.round(delete_many=True)
            assert self.folder.sync(delete_many=True).is_nothing
            self.check_alike()

    def check_alike(self):
        """Of each file that both sides agree on, every body is a body of the workspace. Where they
        do not, it is said why."""
        rows = {row.path: row for row in self.folder.mirror.files.select_related("proposal")}
        assert rows.keys() >= set(self.folder.paths())
        live = Node.objects.live().filter(workspace=self.folder.workspace)
        for row in rows.values():
            if row.state == FileState.AGREED:
                document = live.get(id=row.document)
                parts = list(live.filter(parent_id=document.id).order_by("rank"))
                text = self.folder.read(row.path)
                assert [part.title for part in parts] == re.findall(r"(?m)^## (.*)$", text)
                assert all(part.body in text for part in [document, *parts])
            else:
                assert row.said or row.proposal
        documents = {str(id_) for id_ in live.filter(parent_id=None).values_list("id", flat=True)}
        assert documents <= {str(row.document) for row in rows.values()}
