"""How long it takes to read a graph of 100,000 nodes and 500,000 links: what depends on a node, how
it was at another moment, and what has changed.

    .venv/bin/python -m bench.graph [--rounds 100] [--plans]

A PostgreSQL of its own, its ids made as Lattice makes them. A hundred areas have 1,000 nodes each;
every node but the first has a link of each kind that carries, to some node before it in its area,
so that all of an area depends on its first node. Twenty revisions have changed 5,000 nodes each.

Impact is asked for as its doors do, with distance and path, beside networkx on the same graph in
memory, which has it without reading, locking or sending anything. The past is read beside the
present, and versions are compared beside difflib on the same two texts. Rounds alternate, and
medians are shown. Ratio is how many times longer ours takes.
"""

import difflib
from collections.abc import Iterator
from random import Random
from statistics import quantiles

from bench.ground.figures import Figure, arguments, tell
from bench.ground.house import house, vacuum
from bench.ground.timing import milliseconds

GOAL_MS = 10.0
"""Of the impact of a node on 1,000."""
AREAS, EACH = 100, 1_000
REVISIONS, CHANGED = 20, 5_000
LINES = 400

NODES = """
    INSERT INTO specs_node (id, workspace_id, key, kind, title, heading, body, attributes, labels,
        status, rank, is_live, version, revision, changed_at)
    SELECT uuidv7(), %(workspace)s, 'REQ-' || n, 'requirement', 'About ' || n, '',
        repeat('The system SHALL keep ' || n || E'.\\n\\n', 5), '{}', '{}', 'active', '', true, 1,
        1, now()
    FROM generate_series(1, %(nodes)s) AS n
"""
KEYS = """
    INSERT INTO specs_key (workspace_id, key, node_id) SELECT workspace_id, key, id FROM specs_node
"""
LINKS = """
    INSERT INTO specs_link (id, workspace_id, source_id, kind, target_id, since)
    SELECT uuidv7(), %(workspace)s, source, kind, target, 1
    FROM unnest(%(sources)s::uuid[], %(kinds)s::text[], %(targets)s::uuid[])
        AS link (source, kind, target)
"""
VERSIONS = """
    INSERT INTO specs_version (id, workspace_id, node_id, number, since, until, key, kind, title,
        heading, body, attributes, labels, status, rank, is_live)
    SELECT uuidv7(), workspace_id, id, version, revision, NULL, key, kind, title, heading, body,
        attributes, labels, status, rank, is_live
    FROM specs_node WHERE revision = %(revision)s
"""
END = """
    UPDATE specs_version SET until = %(revision)s
    WHERE until IS NULL AND node_id IN (SELECT id FROM specs_node WHERE revision = %(revision)s)
"""
CHANGE = """
    UPDATE specs_node SET revision = %(revision)s, version = version + 1,
        title = 'Later about ' || key, body = body || E'\\nChanged.\\n'
    WHERE key IN (SELECT 'REQ-' || (1 + n * %(step)s) FROM generate_series(0, %(changed)s - 1) AS n)
"""


def fill(chance: Random, areas: int = AREAS, each: int = EACH, revisions: int = REVISIONS):
    """A workspace with the graph, somebody who reads it, and the graph in memory."""
    import networkx
    from django.db import connection

    from apps.specs.choices import CARRIES, MUTUAL
    from tests.factories import WorkspaceFactory, member
    from tests.specs.graphs import plant

    workspace = WorkspaceFactory.create()
    reader = member(workspace)
    count = areas * each
    given = {"workspace": workspace.id, "nodes": count, "revision": 1}
    plant(workspace)
    with connection.cursor() as cursor:
        for statement in (NODES, KEYS, VERSIONS):
            cursor.execute(statement, given)
        cursor.execute("SELECT id FROM specs_node ORDER BY substr(key, 5)::int")
        ids = [id_ for (id_,) in cursor.fetchall()]
        memory = networkx.DiGraph()
        links = []
        for at in range(count):
            first = at - at % each
            for kind in sorted(CARRIES) if at > first else ():
                other = chance.randrange(first, at)
                links.append((ids[at], kind.value, ids[other]))
                memory.add_edge(ids[other], ids[at])
                if kind in MUTUAL:
                    memory.add_edge(ids[at], ids[other])
        sources, kinds, targets = (list(column) for column in zip(*links, strict=True))
        ends = {"sources": sources, "kinds": kinds, "targets": targets}
        cursor.execute(LINKS, given | ends)
        for _ in range(revisions):
            revision = plant(workspace).revision.number
            step = {"step": count // CHANGED, "changed": CHANGED, "revision": revision}
            cursor.execute(CHANGE, given | step)
            cursor.execute(END, given | step)
            cursor.execute(VERSIONS, given | step)
    vacuum()
    return workspace, reader, ids, memory


def plant_long(workspace, chance: Random):
    """A node of two versions, with many lines in both."""
    from tests.specs.graphs import node, plant

    text = [f"The system SHALL keep {number}.\n" for number in range(LINES)]
    plant(workspace, [node("LONG-1", body="".join(text))])
    for number in chance.sample(range(LINES), LINES // 20):
        text[number] = f"The system SHALL not keep {number}.\n"
    return plant(workspace, [node("LONG-1", body="".join(text))])["LONG-1"]


def asks(workspace, reader, ids, memory, long):
    """What is measured, and beside what: by their names, two functions of a number."""
    import networkx

    from apps.specs.selectors.comparing import changed_between, compared, differences
    from apps.specs.selectors.impact import impact_of
    from apps.specs.selectors.nodes import nodes_at

    texts = [row.body.splitlines() for row in long.versions.order_by("number")]

    def impact(number):
        found = impact_of([ids[number % AREAS * EACH]], workspace)
        assert len(found) == EACH - 1
        return {one.node_id: one.distance for one in found}

    def in_memory(number):
        root = ids[number % AREAS * EACH]
        paths = networkx.single_source_shortest_path(memory, root)
        return {id_: len(path) - 1 for id_, path in paths.items() if id_ != root}

    def page(revision):
        found = nodes_at(workspace_id=workspace, actor=reader, revision=revision)
        rows = list(found.defer("body", "heading", "attributes").order_by("key", "pk")[:51])
        assert len(rows) == 51

    def between(one, other):
        sides = {"one": one, "other": other}
        nodes = changed_between(workspace_id=workspace, actor=reader, **sides)
        assert len(differences(nodes.only("id", "key").order_by("key")[:51], one, other)) == 51

    assert impact(0) == in_memory(0)
    return {
        (f"impact on {EACH - 1}", "networkx in memory"): (impact, in_memory),
        ("a page of the past", "of the present"): (
            lambda number: page(2 + number % REVISIONS),
            lambda _: page(None),
        ),
        ("two versions compared", "difflib"): (
            lambda _: compared(long, "1", "2"),
            lambda _: list(difflib.unified_diff(*texts)),
        ),
        ("a page of what has changed", "a page of the present"): (
            lambda number: between(1 + number % REVISIONS, 2 + number % REVISIONS),
            lambda _: page(None),
        ),
    }


def explain(workspace, ids) -> None:
    from django.db import connection

    from apps.specs.selectors import impact

    def told(execute, sql, params, many, context):
        execute(f"EXPLAIN (ANALYZE, BUFFERS) {sql}", params, many, context)
        print("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(told):
        impact.impact_of([ids[0]], workspace)


def measure(rounds: int, *, plans: bool) -> Iterator[Figure]:
    chance = Random(7)
    workspace, reader, ids, memory = fill(chance)
    long = plant_long(workspace, chance)
    print(f"{AREAS * EACH:,} nodes, {memory.number_of_edges():,} steps between them")
    if plans:
        explain(workspace.id, ids)
    for (name, beside), (ours, theirs) in asks(workspace.id, reader, ids, memory, long).items():
        pairs = [(milliseconds(ours, n), milliseconds(theirs, n)) for n in range(rounds)]
        print(f"{name}: {quantiles([mine for mine, _ in pairs], n=100)[-1]:.1f} ms at p99")
        yield Figure.of(
            pairs,
            what=f"{name}, of {AREAS * EACH:,} nodes",
            beside=beside,
            at_most=GOAL_MS if name.startswith("impact") else None,
        )


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--rounds", type=int, default=100)
    asked.add_argument("--plans", action="store_true", help="show how PostgreSQL finds the impact")
    given = asked.parse_args()
    with house():
        tell(measure(given.rounds, plans=given.plans), given)


if __name__ == "__main__":
    main()
