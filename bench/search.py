"""How well specs are found by what they say, and how long that takes among very many.

    .venv/bin/python -m bench.search [--sections 100000] [--real 5000] [--rounds 100] [--tune]

A PostgreSQL of its own. Real sections are docstrings of the packages that Lattice stands on: their
first line is the heading, which is taken away and asked for, so that each question has one right
answer (known items); the rest is what is searched. One half of the questions is for choosing
weights (--tune), and the other is reported: hybrid, words alone, meaning alone and, beside them,
PostgreSQL's own ts_rank_cd over a GIN index on the same texts.

Time is measured in a workspace of 100,000 sections, the others made of real sentences with vectors
made from real ones, with all vectors compared and with the index.
"""

import ast
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median, quantiles

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import house, vacuum
from bench.ground.timing import milliseconds

PROSE = ("numpy", "litellm", "playwright", "hypothesis", "networkx", "django", "redis", "httpx")
AT_ONCE = 2_000
RANKED = "ts_rank_cd over a GIN index"
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
    took = [milliseconds(find, question) for question, _ in questions]
    return median(took), quantiles(took, n=100)[-1]


def measure(given) -> Iterator[Figure]:
    import json

    from django.db import connection

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
    vacuum()
    print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
    ways = Ways(small, reader)
    if given.tune:
        tuned(ways, tuning)

    beside = judged(ways.beside, questions)
    for name, find in (
        ("hybrid", ways.hybrid),
        ("words alone (BM25)", ways.words),
        ("meaning alone", ways.meaning),
    ):
        found = judged(find, questions)
        for measured, mine, theirs in zip(("recall@10", "MRR"), found, beside, strict=True):
            yield Figure(
                what=f"{measured} among {len(real):,} real sections, {name}",
                value=mine,
                unit="",
                beside=RANKED,
                other=theirs,
            )

    ways, some = Ways(large, other), questions[: given.rounds]
    beside = timed(ways.beside, some)

    def took(name, find):
        for share, mine, theirs in zip(("p50", "p99"), timed(find, some), beside, strict=True):
            yield Figure(
                what=f"a search of {given.sections:,} sections, {name}, {share}",
                value=mine,
                beside=RANKED,
                other=theirs,
            )

    searching.INDEXED_FROM = sys.maxsize
    yield from took("hybrid, all vectors compared", ways.hybrid)
    exact = {question: ways.meaning(question) for question, _ in some}
    started = time.perf_counter()
    pgvector.index_vectors(model_now(), 384)
    print(f"the index took {time.perf_counter() - started:.0f} s to make", flush=True)
    searching.INDEXED_FROM = 0
    yield from took("hybrid, by the index", ways.hybrid)
    yield from took("words alone (BM25)", ways.words)
    again = {question: ways.meaning(question) for question, _ in some}
    kept = sum(len({*exact[q]} & {*again[q]}) for q in exact) / sum(map(len, exact.values()))
    yield Figure(what="of the nearest ten, found by the index", value=kept * 100, unit="%")


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--sections", type=int, default=100_000)
    asked.add_argument("--real", type=int, default=5_000)
    asked.add_argument("--questions", type=int, default=500, help="in each half")
    asked.add_argument("--rounds", type=int, default=100)
    asked.add_argument("--tune", action="store_true")
    given = asked.parse_args()
    with house():
        tell(measure(given), given)


if __name__ == "__main__":
    main()
