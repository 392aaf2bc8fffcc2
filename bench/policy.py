"""How long a verdict takes, beside an equivalent policy in Rego in the same run.

    .venv/bin/python -m bench.policy [--rounds 5] [--seconds 0.3]

One core. An act of 10 operations with a text of so many lines, by an agent, before a policy of so
many rules with conditions on act, actor, operation, labels and paths. Ours is the whole of `judge`:
paths resolved, 20 denied globs, the gate over all texts, risk, every rule with its reason, stages,
digest of the input. Rego (regorus, embedded, its engine cloned ready) answers which rules match,
which denied globs, and which of the same gate patterns; both must say the same. It does so twice:
with `glob.match`, as one would write it, and with comparisons of beginnings and ends, which say the
same of these paths and spare it its slowest part. Its input is ready as JSON. What is measured is
time of the processor; rounds alternate and medians are shown, because other work comes and goes.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from statistics import median

from bench.ground.figures import Figure, arguments, tell
from bench.ground.timing import milliseconds

RULES, LINES = 200, 400
GOAL_MS = 1.0
LINEAR = 1.25
"""Four times as much may take this many times four times as long."""
SENTENCE = "    The system shall answer each question within two seconds, whatever the season.\n"


def rules(count: int) -> list[dict]:
    thens = (
        {"deny": "Not here."},
        {"allow": True},
        {"require": [{"name": "review", "roles": ["reviewer"]}]},
    )
    return [
        {
            "name": f"rule {number}",
            "when": {
                "act": ["spec.change", "plan"],
                "actor": ["agent"],
                "operation": ["edit", "update", "delete"],
                "labels": [f"label-{number}", "common"],
                "path": [f"area{number}/**/*.md", f"shared/{number}/*.py"],
            },
            "then": thens[number % 3],
        }
        for number in range(count)
    ]


DENIED = [f"secret{number}/**" for number in range(20)]


def ours(count: int):
    from apps.policies.engine.compiling import compile_document
    from apps.policies.schemas import PolicyDocument

    document = {
        "version": "1",
        "allowed_dirs": ["."],
        "deny_globs": DENIED,
        "rules": rules(count),
    }
    return compile_document(PolicyDocument.model_validate(document), source="bench")


GLOB = """    some pattern in {globs}
    glob.match(pattern, ["/"], path)"""
ENDS = """    some [start, end] in {ends}
    startswith(path, start)
    endswith(path, end)"""


def rego(count: int, fit: str) -> str:
    """The same rules, denied globs and gate in Rego."""
    from apps.policies.engine.gate import BUILT_IN

    text = "package agent\n"
    for number, rule in enumerate(rules(count)):
        when = rule["when"]
        ends = [[f"area{number}/", ".md"], [f"shared/{number}/", ".py"]]
        fits = fit.format(globs=json.dumps(when["path"]), ends=json.dumps(ends))
        said = {name: "{" + ", ".join(map(json.dumps, when[name])) + "}" for name in when}
        text += f"""
matched contains {json.dumps(rule["name"])} if {{
    input.act.kind in {said["act"]}
    input.performer.kind in {said["actor"]}
    some operation in input.act.operations
    operation.verb in {said["operation"]}
    some label in operation.labels
    label in {said["labels"]}
    some path in operation.paths
{fits}
}}
"""
    fits = fit.format(globs="[denial]", ends='[[trim_suffix(denial, "**"), ""]]')
    text += f"""
denied contains denial if {{
    some denial in {json.dumps(DENIED)}
    some operation in input.act.operations
    some path in operation.paths
{fits}
}}
"""
    for patterns in BUILT_IN.values():
        for name, regex in patterns.items():
            text += f"""
found contains {json.dumps(name)} if {{
    some text in input.act.texts
    regex.match({json.dumps(f"(?i:{regex})")}, text)
}}
"""
    return text + "\nverdict := [matched, denied, found]\n"


def change(lines: int):
    from apps.policies.choices import ActKind, Verb
    from apps.policies.ports import Act, Operation

    operations = tuple(
        Operation(
            verb=Verb.EDIT,
            target=f"REQ-{number}",
            node_kind="requirement",
            paths=(f"area{number * 5}/part/file{number}.md",),
            labels=frozenset({"common"}),
        )
        for number in range(10)
    )
    text = "".join(f"+{number}{SENTENCE}" for number in range(lines)) + "see http://example.org\n"
    return Act(
        kind=ActKind.SPEC_CHANGE, operations=operations, texts={"body": text}, diff_lines=lines
    )


Ask = Callable[[], object]


def contestants(count: int, lines: int) -> tuple[Ask, Ask, Ask]:
    """Ours, Rego with comparisons, Rego with globs; all checked against each other first."""
    import regorus

    from apps.policies.acts import canonical_input
    from apps.policies.choices import Considered
    from apps.policies.engine.judging import judge
    from tests.policies.hearing import a_robot, now

    policy, act, performer, at = ours(count), change(lines), a_robot(), now()
    question = canonical_input(act, performer, at).decode()

    def asking(fit: str):
        ready = regorus.Engine()
        ready.add_policy("bench.rego", rego(count, fit))

        def asked():
            engine = ready.clone()
            engine.set_input_json(question)
            return engine.eval_rule("data.agent.verdict")

        return asked

    def judged():
        return judge(policy, act, performer, at)

    verdict = judged()
    mine = [s.name for s in verdict.trace if s.rule and s.considered == Considered.MATCHED]
    assert mine, "A comparison in which no rule matches shows little."
    others = asking(ENDS), asking(GLOB)
    for asked in others:
        matched, denied, found = asked()
        assert sorted(matched) == sorted(mine), (matched, mine)
        assert not denied
        assert set(found) == {hit.pattern for hit in verdict.hits}, (found, verdict.hits)
    return judged, *others


def usual(ask: Ask, seconds: float) -> float:
    taken, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until or not taken:
        taken.append(milliseconds(ask, clock=time.thread_time))
    return median(taken)


def measure(seconds: float, rounds: int) -> Iterator[Figure]:
    sizes = [(50, LINES), (RULES, LINES), (800, LINES), (RULES, 100), (RULES, 1600)]
    asked = {size: contestants(*size) for size in sizes}
    taken: dict[tuple[int, int], list[list[float]]] = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in sizes:
            taken[size].append([usual(ask, seconds) for ask in asked[size]])
    times = {
        size: [median(column) for column in zip(*columns, strict=True)]
        for size, columns in taken.items()
    }
    base = times[RULES, LINES][0]
    for (count, lines), (mine, plain, globs) in times.items():
        more = count * lines / (RULES * LINES)
        limit = GOAL_MS if more == 1 else base * more * LINEAR
        print(f"{count} rules, {lines} lines: Rego with glob.match {globs:.1f} ms")
        yield Figure(
            what=f"a verdict of {count} rules on {lines} lines",
            value=mine,
            beside="Rego",
            other=plain,
            at_most=limit if more >= 1 else None,
        )


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--seconds", type=float, default=0.3)
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    tell(measure(given.seconds, given.rounds), given)


if __name__ == "__main__":
    main()
