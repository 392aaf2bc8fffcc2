"""How long it takes to make a folder and a workspace alike, against reading the folder alone.

    .venv/bin/python -m bench.sync [--files 1000] [--changed 100] [--profile]

One run, one machine, a PostgreSQL and a Redis of its own: a folder of Markdown files with 2 to 20
parts each is read and parsed, and no more; then it is brought into an empty workspace whose policy
lets its people pass (cold), and compared again (warm). A process watches it while one file is
edited, until anybody can see that; and while one node is, until the file says it. In the end some
nodes are edited, and every file must have changed there and nowhere else; and what all of the
workspace says as files must read as the same. Goals: cold within 4 times of reading alone, warm
within 1 s, one file within 1 s.
"""

import random
import time
from contextlib import contextmanager

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import house
from bench.ground.timing import profiled
from tests.waiting import eventually

POLICY = """\
version: "1"
allowed_dirs: [docs]
max_diff_lines: 5000
default: {then: {allow: true}}
risk: {factors: {outside_hours: 0, many: 0, large: 0}}
"""
WORDS = "the shop pays a refund back within days after parcel came and order was".split()  # noqa: SIM905
MARK = "Nothing else is meant by it."
GOAL_COLD, GOAL_SEEN = 4.0, 1.0


def make_corpus(folder, how_many):
    drawn = random.Random(7)
    for number in range(how_many):
        parts = [f"# File {number}\n\n{paragraphs(drawn)}"]
        for part in range(drawn.choice((2, 4, 6, 10, 20))):
            level = "##" if part % 3 else "###" if part else "##"
            parts.append(f"{level} Part {part} of {number}\n\n{paragraphs(drawn)}{MARK}\n")
        file = folder / f"area-{number % 20}" / f"file-{number}.md"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(parts))


def paragraphs(drawn):
    return "".join(
        " ".join(drawn.choices(WORDS, k=drawn.randint(10, 60))).capitalize() + ".\n\n"
        for _ in range(drawn.randint(1, 5))
    )


@contextmanager
def timed(found, name):
    began, worked = time.perf_counter(), time.process_time()
    yield
    found[name] = (time.perf_counter() - began, time.process_time() - worked)


class Bench:
    def __init__(self, home, how_many):
        from apps.accounts.choices import Role
        from apps.policies.services.versions import apply_policy
        from tests.factories import WorkspaceFactory, member
        from tests.policies.releasing import at_once

        self.home, self.folder = home, home.folder / "specs"
        self.folder.mkdir()
        make_corpus(self.folder, how_many)
        self.workspace = WorkspaceFactory.create()
        self.owner = member(self.workspace, Role.OWNER)
        at_once(apply_policy(text=POLICY, workspace=self.workspace.id, actor=self.owner))

    def parse(self):
        from apps.mirror.texts import read_page
        from apps.specs.kinds import BUILT_IN
        from apps.specs.paper.folder import read_folder
        from apps.specs.paper.headings import knowing

        known = knowing({str(kind): prefix for kind, prefix in BUILT_IN.items()}, {})
        return sum(
            len(read_page(text, path=path, known=known))
            for path, text in read_folder(self.folder).items()
        )

    def sync(self):
        from apps.mirror.services.claiming import mirror_of
        from apps.mirror.services.rounds import keep_alike
        from apps.mirror.services.sheets import Manner

        mirror = mirror_of(folder=self.folder, workspace=self.workspace.id)
        return keep_alike(mirror=mirror, folder=self.folder, actor=self.owner, manner=Manner())

    def edit(self, nodes, body):
        from apps.specs.services.proposing import applied_at_once, propose

        for first in range(0, len(nodes), 100):
            submitted = propose(
                title="Edited",
                rationale="",
                sent=[
                    {"op": "edit", "target": str(node.id), "body": body(node)}
                    for node in nodes[first : first + 100]
                ],
                actor=self.owner,
                workspace=self.workspace.id,
            )
            assert applied_at_once(submitted)

    def sections(self, how_many):
        from apps.specs.models.graph import Node

        found = Node.objects.filter(workspace=self.workspace, body__endswith=MARK)
        return list(found.order_by("key").distinct()[:how_many])

    @contextmanager
    def watching(self):
        from apps.mirror.models import Mirror

        asked = ["--watch", "--workspace", str(self.workspace.id), "--as", str(self.owner.id)]
        with self.home.running("django", "sync_specs", str(self.folder), *asked):
            eventually(lambda: Mirror.objects.get().keeper, within=60, every=0.005)
            time.sleep(5)  # until it waits for what moves
            yield

    def is_whole(self):
        """What the workspace says, as files and read again, is what it said."""
        from apps.specs.kinds import BUILT_IN, Kind
        from apps.specs.paper.files import files_of, library_in
        from apps.specs.selectors.exporting import library_of

        library = library_of(workspace=self.workspace.id, actor=self.owner)
        kinds = {str(name): Kind(prefix=prefix) for name, prefix in BUILT_IN.items()}
        keys = {leaf.key: leaf.kind for leaf in library.leaves}
        again = library_in(files_of(library), kinds=kinds, keys=keys)
        return {(one.key, one.title, one.body, one.parent) for one in library.leaves} == {
            (one.key, one.title, one.body, one.parent) for one in again.leaves
        }


def measure(bench, given):
    from apps.specs.models.graph import Node

    found = {}
    with timed(found, "parse"):
        nodes = bench.parse()
    with timed(found, "cold"):
        if given.profile:
            with profiled():
                bench.sync()
        else:
            told = bench.sync()
            assert {state for _, state, _ in told.proposed} == {"applied"}, told
    assert Node.objects.live().filter(workspace=bench.workspace).count() == nodes
    with timed(found, "warm"):
        assert bench.sync().is_nothing
    with bench.watching():
        file = bench.folder / "area-7/file-7.md"
        file.write_text(file.read_text().replace(MARK, "Something else is.", 1))
        with timed(found, "one file"):
            said = Node.objects.filter(
                workspace=bench.workspace, body__endswith="Something else is."
            )
            eventually(said.exists, within=30, every=0.005)
        node = said.get()
        bench.edit([node], lambda node: f"{node.body} And more.")
        with timed(found, "one node"):
            eventually(lambda: "And more." in file.read_text(), within=30, every=0.005)
    some = bench.sections(given.changed)
    before = {path: path.read_text() for path in bench.folder.rglob("*.md")}
    bench.edit(some, lambda node: node.body.replace(MARK, f"Edited: {node.key}."))
    with timed(found, "written"):
        bench.sync()
    changed = {path: path.read_text() for path, text in before.items() if path.read_text() != text}
    exact = sum(re_marked(text, some) == before[path] for path, text in changed.items())
    size = sum(map(len, before.values())) / 1e6
    print(f"{given.files:,} files, {nodes:,} nodes, {size:.1f} MB")
    for name, (seconds, worked) in found.items():
        print(f"{name:>9} {seconds:8.2f} s, of which {worked:.2f} s of this process's CPU")
    assert exact == len(changed), f"{len(changed)} files, {exact} of them changed there alone"
    assert bench.is_whole(), "as files and back it is not the same"
    took = {name: seconds for name, (seconds, _) in found.items()}
    corpus = f"{given.files:,} files with {nodes:,} nodes"
    yield Figure(
        what=f"{corpus} brought into an empty workspace",
        value=took["cold"],
        unit="s",
        beside="reading and parsing them",
        other=took["parse"],
        ratio_at_most=GOAL_COLD,
    )
    for what, name, goal in (
        (f"{corpus} compared again", "warm", GOAL_SEEN),
        ("an edited file seen in the workspace", "one file", GOAL_SEEN),
        ("an edited node seen in its file", "one node", None),
        (f"{len(some)} edited nodes written into {len(changed)} files", "written", None),
    ):
        yield Figure(what=what, value=took[name], unit="s", at_most=goal)


def re_marked(text, nodes):
    for node in nodes:
        text = text.replace(f"Edited: {node.key}.", MARK)
    return text


def main():
    asked = arguments(__doc__)
    asked.add_argument("--files", type=int, default=1000)
    asked.add_argument("--changed", type=int, default=100)
    asked.add_argument("--profile", action="store_true")
    given = asked.parse_args()
    with house() as home:
        tell(measure(Bench(home, given.files), given), given)


if __name__ == "__main__":
    main()
