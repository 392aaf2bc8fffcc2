"""How well specs are found by what they say, and how long that takes among 100,000 sections.

    .venv/bin/python -m bench.search [--sections 100000] [--real 5000] [--rounds 100] [--tune]

A PostgreSQL of its own. Real sections are docstrings of the packages that Lattice stands on: their
first line is the heading, which is taken away and asked for, so that each question has one right
answer (known items); the rest is what is searched. One half of the questions is for choosing
weights (--tune), and the other is reported: hybrid, words alone, meaning alone and, beside them,
PostgreSQL's own ts_rank_cd over a GIN index on the same texts.

Time is measured in a workspace of 100,000 sections, the others made of real sentences with vectors
made from real ones, with all vectors compared and with the index.
"""

import argparse
import ast
import os
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median, quantiles

PROSE = ("numpy", "litellm", "playwright", "hypothesis", "networkx", "django", "redis", "httpx")
AT_ONCE = 2_000
BESIDE = """
    SELECT place.node_id FROM bench_texts AS said JOIN specs_place AS place USING (passage_id),
        LATERAL (
            SELECT string_agg(quote_literal(lexeme), ' | ')::tsquery AS query
            FROM unnest(to_tsvector('english', %(q)s))
        ) AS asked
    WHERE said.words @@ asked.query AND place.workspace_id = %(workspace)s AND place.until IS NULL
    ORDER BY ts_rank_cd(said.words, asked.query, 1) DESC LIMIT 10
"""


def docstrings(chance: Random) -> list[tuple[str, str]]:
    """Heading and body, each heading once."""
    import importlib.util

    found = {}
    for name in PROSE:
        spec = importlib.util.find_spec(name)
        if spec is None or not spec.submodule_search_locations:
            continue
        for path in sorted(Path(spec.submodule_search_locations[0]).rglob("*.py")):
            try:
                tree = ast.parse(path.read_text())
            except (SyntaxError, UnicodeDecodeError):
                continue
            for each in ast.walk(tree):
                if isinstance(each, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                    heading, _, body = (ast.get_docstring(each) or "").partition("\n\n")
                    heading = " ".join(heading.split()).replace("\0", "")
                    if 4 <= len(heading.split()) <= 15 and len(body.split()) >= 30:
                        found.setdefault(heading, body.replace("\0", "")[:3_000])
    sections = sorted(found.items())
    chance.shuffle(sections)
    return sections


def fill(workspace, bodies):
    """Sections that say so, as they would be applied. Their nodes, in order."""
    from django.utils import timezone

    from apps.common.ids import uuid7
    from apps.specs.models.graph import Graph, Node, Version
    from apps.specs.services.indexing import stand

    Graph.objects.get_or_create(workspace=workspace, defaults={"revision": 1})
    ids = []
    for first in range(0, len(bodies), AT_ONCE):
        said = [
            {
                "workspace_id": workspace.id,
                "kind": "requirement",
                "key": f"REQ-{number}",
                "title": f"REQ-{number}",
                "body": body,
            }
            for number, body in enumerate(bodies[first : first + AT_ONCE], first + 1)
        ]
        now = timezone.now()
        nodes = Node.objects.bulk_create(
            Node(id=uuid7(), revision=1, changed_at=now, **each) for each in said
        )
        versions = Version.objects.bulk_create(
            Version(node=node, number=1, since=1, **each)
            for node, each in zip(nodes, said, strict=True)
        )
        stand(workspace.id, versions)
        ids += [node.id for node in nodes]
    return ids


def index(workspace, *, embedded: bool):
    from apps.specs.services.indexing import embed_passages, post_passages

    while post_passages(workspace.id, most=AT_ONCE):
        pass
    while embedded and embed_passages(workspace.id):
        pass


def likely_vectors(workspace, real, chance):
    """For passages that no model reads here: between two that one has read."""
    import numpy as np

    from apps.specs.models.search import Passage
    from apps.specs.search.ports import current_backend
    from apps.specs.services.indexing import embedded_now, model_now

    read = np.asarray(real, dtype=np.float32)
    left = list(Passage.objects.filter(workspace=workspace).values_list("id", flat=True))
    dice = np.random.default_rng(chance.randrange(2**32))
    for first in range(0, len(left), AT_ONCE):
        some = left[first : first + AT_ONCE]
        one, other = (read[dice.integers(0, len(read), len(some))] for _ in range(2))
        made = one + 0.5 * other + dice.normal(0, 0.03, one.shape)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        vectors = dict(zip(some, made.tolist(), strict=True))
        current_backend().keep(workspace=workspace.id, model=model_now(), vectors=vectors)
    Passage.objects.filter(workspace=workspace).update(embedded_as=embedded_now())


class Ways:
    """To look for something in a workspace; each gives the nodes it found, the best first."""

    def __init__(self, workspace, reader):
        self.workspace, self.reader = workspace, reader

    def hybrid(self, question, **more):
        from apps.specs.services.searching import search_specs

        asked = {"workspace_id": self.workspace.id, "actor": self.reader, "most": 10}
        found = search_specs(query=question, **asked, **more)
        return [hit.version.node_id for hit in found.hits]

    def words(self, question):
        return self.hybrid(question, by_meaning=False)

    def meaning(self, question):
        from apps.specs.search.statement import Weights

        return self.hybrid(question, weights=Weights(words=0, meaning=1, title=0))

    def beside(self, question):
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(BESIDE, {"q": question, "workspace": self.workspace.id})
            return [node for (node,) in cursor.fetchall()]


def judged(find, questions) -> tuple[float, float]:
    """Recall at 10, and the mean reciprocal rank."""
    ranks = []
    for question, right in questions:
        found = find(question)
        ranks.append(found.index(right) + 1 if right in found else 0)
    return sum(map(bool, ranks)) / len(ranks), sum(1 / rank for rank in ranks if rank) / len(ranks)


def tuned(ways, questions):
    from apps.specs.search.statement import Weights

    best = (0.0, None)
    for meaning in (0.5, 0.75, 1.0, 1.5):
        weights = Weights(words=1, meaning=meaning)
        recall, rank = judged(lambda q, w=weights: ways.hybrid(q, weights=w), questions)
        print(f"meaning {meaning}: recall@10 {recall:.3f}, MRR {rank:.3f}")
        best = max(best, (rank, meaning))
    print(f"best: meaning {best[1]}")


def timed(find, questions) -> tuple[float, float]:
    took = []
    for question, _ in questions:
        started = time.perf_counter()
        find(question)
        took.append((time.perf_counter() - started) * 1000)
    return median(took), quantiles(took, n=100)[-1]


def measure(given) -> int:
    import json

    from django.db import connection
    from rich.console import Console
    from rich.table import Table

    from apps.specs.models.search import Vector
    from apps.specs.search.backends import pgvector
    from apps.specs.services import searching
    from apps.specs.services.indexing import model_now
    from tests.factories import WorkspaceFactory, member

    chance, began = Random(7), time.perf_counter()
    sections = docstrings(chance)
    real = sections[: given.real]
    small, large = WorkspaceFactory.create(), WorkspaceFactory.create()
    reader, other = member(small), member(large)
    ids = fill(small, [body for _, body in real])
    index(small, embedded=True)
    said = [(heading, node) for (heading, _), node in zip(real, ids, strict=True)]
    chance.shuffle(said)
    tuning, questions = said[: given.questions], said[given.questions : 2 * given.questions]

    sentences = [line for _, body in sections for line in body.split("\n\n") if len(line) > 60]
    fill(large, ["\n\n".join(chance.choices(sentences, k=2)) for _ in range(given.sections)])
    index(large, embedded=False)
    read = Vector.objects.filter(workspace=small).values_list("vector", flat=True)
    likely_vectors(large, [json.loads(vector) for vector in read], chance)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_texts AS SELECT id AS passage_id, to_tsvector('english', text) AS"
            " words FROM specs_passage"
        )
        cursor.execute("CREATE INDEX ON bench_texts USING gin (words)")
        cursor.execute("VACUUM ANALYZE")
    console = Console(width=100)
    console.print(f"filled in {time.perf_counter() - began:.0f} s; load {os.getloadavg()[0]:.1f}")
    ways = Ways(small, reader)
    if given.tune:
        tuned(ways, tuning)

    table = Table(title=f"{len(questions)} headings among {len(real):,} real sections")
    for name in ("way", "recall@10", "MRR", "hybrid is"):
        table.add_column(name, justify="left" if name == "way" else "right")
    ours = judged(ways.hybrid, questions)
    others = {
        "hybrid": ours,
        "words alone (BM25)": judged(ways.words, questions),
        "meaning alone": judged(ways.meaning, questions),
        "ts_rank_cd": judged(ways.beside, questions),
    }
    for name, (recall, rank) in others.items():
        ratio = "" if name == "hybrid" else f"{ours[0] / recall:.2f} and {ours[1] / rank:.2f} times"
        table.add_row(name, f"{recall:.3f}", f"{rank:.3f}", ratio)
    console.print(table)

    table = Table(title=f"{given.sections:,} sections, ms")
    for name in ("way", "p50", "p99", "hybrid is"):
        table.add_column(name, justify="left" if name == "way" else "right")
    ways, some = Ways(large, other), questions[: given.rounds]
    searching.INDEXED_FROM = sys.maxsize
    rows = {"hybrid, all vectors compared": timed(ways.hybrid, some)}
    exact = {question: ways.meaning(question) for question, _ in some}
    started = time.perf_counter()
    pgvector.index_vectors(model_now(), 384)
    built = time.perf_counter() - started
    searching.INDEXED_FROM = 0
    rows["hybrid, by the index"] = timed(ways.hybrid, some)
    again = {question: ways.meaning(question) for question, _ in some}
    rows["words alone (BM25)"] = timed(ways.words, some)
    rows["ts_rank_cd"] = timed(ways.beside, some)
    ours = min(rows["hybrid, all vectors compared"], rows["hybrid, by the index"])
    for name, (half, most) in rows.items():
        ratio = "" if name.startswith("hybrid") else f"{ours[0] / half:.2f} times as long"
        table.add_row(name, f"{half:.0f}", f"{most:.0f}", ratio)
    console.print(table)
    kept = sum(len({*exact[q]} & {*again[q]}) for q in exact) / sum(map(len, exact.values()))
    console.print(f"The index took {built:.0f} s to make and finds {kept:.1%} of the nearest ten.")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", type=int, default=100_000)
    parser.add_argument("--real", type=int, default=5_000)
    parser.add_argument("--questions", type=int, default=500, help="in each half")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--tune", action="store_true")
    given = parser.parse_args()

    from apps.common.runtime import addresses
    from apps.common.runtime.services import Services

    with tempfile.TemporaryDirectory(prefix="lattice-bench-") as folder:
        root = Path(folder)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LATTICE_DATA_DIR": folder,
            "DATABASE_URL": addresses.database_url(root),
            "REDIS_URL": addresses.redis_url(root),
        }
        with Services(root).running():
            import django
            from django.core.management import call_command
            from django.db import connection

            django.setup()
            call_command("migrate", verbosity=0)
            try:
                return measure(given)
            finally:
                connection.close()
                connection.close_pool()


if __name__ == "__main__":
    sys.exit(main())
