"""Policies that chance has spoiled."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

from apps.common.yaml.nodes import BYTES_LIMIT
from apps.policies.documents import read_policy
from apps.policies.drafting import templates
from apps.policies.engine.compiling import compile_policy
from apps.policies.engine.examples import run_examples
from apps.policies.errors import PolicyInvalid
from tests.malformed.spoiling import (
    CANARY,
    Way,
    chance_of,
    coded,
    cut,
    lines,
    marked,
    noise,
    splicing,
    spoiled,
)

TEXTS = [template.text for template in templates()]
VALUES = [
    "", "~", "null", "yes", "NO", "true", "0", "-1", "0800", "0x7f", "0o17", "1e999", ".inf",
    ".nan", "9" * 5000, "1_000", "12:30:45", "2026-02-30", "2026-01-07T12:00:00Z", "x" * 9000,
    "[]", "{}", "[[[]]]", "{a: {b: {c: d}}}", "[null, null]", "'(a+)+$'", "'(?=x)'", "'[z-a]'",
    "'(x{999}){999}'", "'\\pL\\pN'", "'**/**/**'", "'[!'", "'{a,{b,c}'", "/etc/passwd", "*x", "0m",
    "../../etc/passwd", "C:\\x", "~root", "Europe/Nowhere", "Europe", "../../etc/localtime", "&x 1",
    "00000000-0000-0000-0000-000000000000", "99999d", "!!int 3", "|\n  x\n", '"\\ud800"', '"\\0"',
    '"\\u202e"', ">-", "deny", "allow", "require", "own work", "review",
]  # fmt: skip


def case(start: int, number: int) -> str | bytes:
    chance = chance_of(start, number)
    spoil = chance.choices([_spoiled, _bomb, noise], [8, 1, 1])[0]
    return coded(chance, spoil(chance))


def _spoiled(chance: random.Random) -> str:
    return spoiled(chance, TEXTS, WAYS)


def _valued(chance: random.Random, text: str) -> str:
    spots = list(re.finditer(r"(?<=: )[^\n{\[]+?(?=[,}\n])|(?<=[\[,] )[^,\]\n]+", text))
    if not spots:
        return text
    spot = chance.choice(spots)
    return text[: spot.start()] + chance.choice([*VALUES, CANARY]) + text[spot.end() :]


def _named(chance: random.Random, text: str) -> str:
    spots = list(re.finditer(r"[a-z_]+(?=:)", text))
    if not spots:
        return text
    spot, other = chance.choice(spots), chance.choice(spots)
    name = chance.choice([other.group(), spot.group()[:-1], spot.group() * 2, CANARY, "on", "<<"])
    return text[: spot.start()] + name + text[spot.end() :]


WAYS: list[Way] = [
    marked, marked, cut, lines, lines, _valued, _valued, _valued, _named, _named, splicing(TEXTS),
]  # fmt: skip

HEAD = 'version: "1"\nallowed_dirs: [api]\n'


def _bomb(chance: random.Random) -> str:
    size = chance.choice([10, 100, 1_000, 10_000, 30_000, 60_000])
    bombs: list[Callable[[], str]] = [
        lambda: "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(size // 20)),
        lambda: HEAD + "x: " + "[" * size,
        lambda: HEAD + "x: " + "{a: " * size,
        lambda: HEAD + "x:\n" + "".join(" " * n + "-\n" for n in range(min(size, 500))),
        lambda: "- " * size,
        lambda: "? " * size,
        lambda: HEAD + "".join(f"{CANARY}{n}: 1\n" for n in range(size)),
        lambda: HEAD + f"{CANARY}: 1\n" * size,
        lambda: HEAD + "rules: [" + "{}," * size + "]",
        lambda: HEAD + "rules: [" + "{name: a, then: {deny: x}}," * min(size, 1000) + "]",
        lambda: HEAD + "deny_globs: [" + "/x," * min(size, 500) + "]",
        lambda: HEAD + "deny_globs: [" + f"'{'**/a/' * 95}x'," * min(size, 500) + "]",
        lambda: HEAD + "rules: [{name: a, when: {path: ["
        + ",".join(f"p{n}" for n in range(size)) + "]}, then: {deny: x}}]",
        lambda: HEAD + "gate: {patterns: ["
        + ",".join(f"{{name: p{n}, regex: '{chr(92)}pL{{{n}}}'}}" for n in range(100)) + "]}",
        lambda: HEAD + "gate: {patterns: ["
        + ",".join(f"{{name: p{n}, regex: '{'(x{99}){99}' * 40}'}}" for n in range(100)) + "]}",
        lambda: HEAD + "rules: ["
        + ",".join(
            f"{{name: r{n}, then: {{allow: true, over: [{','.join(f'r{m}' for m in range(25))}]}}}}"
            for n in range(min(size, 900))
        ) + "]",
        lambda: HEAD + "tests: ["
        + ",".join(
            f"{{name: t{n}, act: {{kind: plan, texts: {{a: {CANARY}}}}}, expect: {{effect: deny}}}}"
            for n in range(min(size, 500))
        ) + "]",
        lambda: HEAD + "description: " + "x" * size,
        lambda: HEAD + '"' + "k" * size + '": 1',
        lambda: HEAD + "max_diff_lines: " + "9" * size,
        lambda: HEAD + "description: |\n" + "  x\n" * size,
        lambda: "---\n" * size,
        lambda: "%TAG ! x\n" * size + HEAD,
        lambda: HEAD + "#" * size + "\n",
        lambda: "\n" * size + HEAD,
        lambda: HEAD + "risk: {factors: {labels: {"
        + ",".join(f"l{n}: 1" for n in range(size)) + "}}}",
        lambda: HEAD + "x" * (BYTES_LIMIT + size),
    ]  # fmt: skip
    return chance.choice(bombs)()


def read_case(text: str | bytes) -> str:
    try:
        policy = compile_policy(read_policy(text), source="spoiled")
    except PolicyInvalid as refused:
        _look_at(refused.details, refused.text, text)
        return "refused"
    run_examples(policy)
    return "still valid"


def _look_at(faults: list[dict[str, Any]], said: str, text: str | bytes) -> None:
    assert faults
    plain = text if isinstance(text, str) else text.decode("latin-1")
    last_line = plain.count("\n") + plain.count("\r") + 1
    for fault in faults:
        assert 1 <= fault["line"] <= last_line, fault
        assert fault["column"] >= 1, fault
        assert fault["message"], fault
    assert CANARY not in json.dumps(faults) + said, faults
