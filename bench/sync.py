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

import argparse
import cProfile
import os
import pstats
import random
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.decide import ROOT

POLICY = """\
version: "1"
allowed_dirs: [docs]
max_diff_lines: 5000
default: {then: {allow: true}}
risk: {factors: {outside_hours: 0, many: 0, large: 0}}
"""
WORDS = "the shop pays a refund back within days after parcel came and order was".split()  # noqa: SIM905
MARK = "Nothing else is meant by it."
GOAL_COLD = 4.0


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
    def __init__(self, folder):
        import django

        django.setup()
        from apps.accounts.choices import Role
        from apps.policies.services.versions import apply_policy
        from tests.factories import WorkspaceFactory, member
        from tests.policies.releasing import at_once

        self.folder = folder
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
        from apps.mirror.services.rounds import keep_alike, mirror_of
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
            assert applied_at_once(submitted.proposal)

    def sections(self, how_many):
        from apps.specs.models.graph import Node

        found = Node.objects.filter(workspace=self.workspace, body__endswith=MARK)
        return list(found.order_by("key").distinct()[:how_many])

    @contextmanager
    def watching(self):
        from apps.mirror.models import Mirror

        asked = ["--watch", "--workspace", str(self.workspace.id), "--as", str(self.owner.id)]
        process = subprocess.Popen(
            [sys.executable, "manage.py", "sync_specs", str(self.folder), *asked],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: Mirror.objects.get().keeper, 60)
            time.sleep(5)  # until it waits for what moves
            yield
        finally:
            process.terminate()
            process.wait(30)

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


def wait_until(is_so, seconds):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


def measure(bench, options):
    from apps.specs.models.graph import Node

    found = {}
    with timed(found, "parse"):
        nodes = bench.parse()
    with timed(found, "cold"):
        if options.profile:
            with cProfile.Profile() as profile:
                bench.sync()
            pstats.Stats(profile).sort_stats("cumulative").print_stats(45)
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
            wait_until(said.exists, 30)
        node = said.get()
        bench.edit([node], lambda node: f"{node.body} And more.")
        with timed(found, "one node"):
            wait_until(lambda: "And more." in file.read_text(), 30)
    some = bench.sections(options.changed)
    before = {path: path.read_text() for path in bench.folder.rglob("*.md")}
    bench.edit(some, lambda node: node.body.replace(MARK, f"Edited: {node.key}."))
    with timed(found, "written"):
        bench.sync()
    changed = {path: path.read_text() for path, text in before.items() if path.read_text() != text}
    exact = sum(re_marked(text, some) == before[path] for path, text in changed.items())
    size = sum(map(len, before.values())) / 1e6
    load = os.getloadavg()[0]
    print(f"{options.files:,} files, {nodes:,} nodes, {size:.1f} MB, load {load:.1f}")
    for name, (seconds, worked) in found.items():
        print(f"{name:>9} {seconds:8.2f} s, of which {worked:.2f} s of this process's CPU")
    ratio = found["cold"][0] / found["parse"][0]
    print(f"cold / parse {ratio:.1f} (goal {GOAL_COLD})")
    print(f"{len(some)} nodes edited in {len(changed)} files: {exact} changed there alone")
    print(f"as files and back: {'the same' if bench.is_whole() else 'NOT the same'}")


def re_marked(text, nodes):
    for node in nodes:
        text = text.replace(f"Edited: {node.key}.", MARK)
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--changed", type=int, default=100)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    from apps.common.runtime import addresses
    from apps.common.runtime.services import Services

    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="lattice-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.enter_context(Services(folder).running())
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LATTICE_ENV": "development",
            "LATTICE_DATA_DIR": str(folder),
            "DATABASE_URL": addresses.database_url(folder),
            "REDIS_URL": addresses.redis_url(folder),
            "LOG_LEVEL": "WARNING",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], check=True, cwd=ROOT)
        specs = folder / "specs"
        specs.mkdir()
        make_corpus(specs, options.files)
        measure(Bench(specs), options)


if __name__ == "__main__":
    main()
