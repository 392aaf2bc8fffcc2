"""Policies that chance has spoiled, read in a child that may hold 256 MB and write no file.

Run as a program it is that child: it prints its figures as JSON. A case is replayed by its seed and
number alone.
"""

import json
import random
import re
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.common.yaml.nodes import BYTES_LIMIT
from apps.policies.documents import read_policy
from apps.policies.drafting import templates
from apps.policies.engine.compiling import compile_policy
from apps.policies.engine.examples import run_examples
from apps.policies.errors import PolicyInvalid
from config.env import ROOT

MEMORY = 256 * 1024 * 1024
SECONDS = 1.0
CANARY = "canary7f3a"
"""Stands in every text; no refusal may repeat it."""

TEXTS = [template.text for template in templates()]
SIGNS = "-:?[]{},&*!|>'\"%@`#~<\\ \t\n\r\0"
MARKS = [
    *SIGNS, "\x1b", "\x7f", "\x85", "\xa0", "é", "\u200b", "\u202e", "\u2028", "\ud800", "\ufeff",
    "\uffff", "😀", "\U000e0041", "---\n", "...\n", "<<: ", "!!python/name:os.system ", "? ", "- ",
    "\n\n\n", "${HOME}", "{{ x }}", "../", "%00", "\\u0000", "\\x41",
]  # fmt: skip
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
    chance = random.Random(f"{start}:{number}")
    spoil = chance.choices([_spoiled, _bomb, _noise], [8, 1, 1])[0]
    text = spoil(chance)
    if chance.random() < 0.1:
        coded = text.encode(chance.choice(["utf-8", "utf-16", "utf-32", "cp1252"]), "replace")
        return coded[: chance.randrange(len(coded) + 1)] if chance.random() < 0.5 else coded
    return text


def _spoiled(chance: random.Random) -> str:
    text = chance.choice(TEXTS)
    for _ in range(chance.choice([1, 1, 1, 2, 3, 8, 40])):
        text = chance.choice(SPOILING)(chance, text)
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(["", CANARY, f" {CANARY}: ", f"\n{CANARY}: 1\n"]) + text[at:]


def _marked(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(MARKS) + text[at + chance.choice([0, 0, 1, 5]) :]


def _cut(chance: random.Random, text: str) -> str:
    first, last = sorted(chance.randrange(len(text) + 1) for _ in range(2))
    return chance.choice([text[:first], text[first:], text[:first] + text[last:]])


def _lines(chance: random.Random, text: str) -> str:
    lines = text.split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[one]
        case 1:
            lines.insert(other, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines[one] = " " * chance.randrange(8) + lines[one].lstrip()
        case 4:
            lines[one] = "\t" + lines[one]
    return "\n".join(lines)


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


def _spliced(chance: random.Random, text: str) -> str:
    other = chance.choice(TEXTS)
    first, last = sorted(chance.randrange(len(other) + 1) for _ in range(2))
    at = chance.randrange(len(text) + 1)
    return text[:at] + other[first:last] + text[at:]


SPOILING: list[Callable[[random.Random, str], str]] = [
    _marked, _marked, _cut, _lines, _lines, _valued, _valued, _valued, _named, _named, _spliced,
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


def _noise(chance: random.Random) -> str:
    size = chance.choice([0, 1, 5, 50, 500, 5000])
    if chance.random() < 0.5:
        return "".join(chance.choice([*MARKS, "a", "1", "\n", " "]) for _ in range(size))
    return "".join(chr(chance.randrange(1, 0x3000)) for _ in range(size))


# --- the child


def read_case(text: str | bytes) -> str:
    """What came of it. Anything but a document or a told refusal is raised."""
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


def _peak() -> int:
    """Of this program: `ru_maxrss` would begin with what its parent had when it was started."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _main(cases: int, start: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    came: Counter[str] = Counter()
    slowest, slowest_case, wrong = 0.0, -1, []
    for number in range(cases):
        text = case(start, number)
        began = time.process_time()
        try:
            came[read_case(text)] += 1
        except Exception as error:  # noqa: BLE001 (the finding itself)
            wrong.append(f"case {number}: {type(error).__name__}: {str(error)[:300]}")
        took = time.process_time() - began
        if took > slowest:
            slowest, slowest_case = took, number
    figures = {
        "came": came,
        "wrong": wrong[:20],
        "slowest": slowest,
        "slowest_case": slowest_case,
        "peak": _peak(),
    }
    print(json.dumps(figures))


def read_in_a_child(*, cases: int, start: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.torture.malformed_policies", str(cases), str(start)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
