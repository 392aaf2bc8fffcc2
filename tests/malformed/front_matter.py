"""YAML and TOML above a document, of other tools, that chance has spoiled."""

import random
from collections.abc import Callable

from apps.common.yaml.nodes import BYTES_LIMIT
from apps.specs.paper.files import library_in
from tests.malformed.markdown import KINDS, came_of
from tests.malformed.policies import VALUES
from tests.malformed.spoiling import Way, chance_of, cut, lines, marked, noise, splicing, spoiled

PREAMBLE = """\
eip: 1155
title: ERC-1155: Multi Token Standard
author: Witek Radomski <witek@example.org>, Andrew Cooke
type: Standards Track
status: Final
created: 2018-06-17
requires: 20, 155
"""
YAML = """\
title: "Pay: cards"
tags: [money, till]
base: &base {team: pay, since: 2024-02-29}
use: *base
weight: 1.5
aliases:
  - /old
  - /older
description: |
  Two
  lines.
"""
TOML = """\
title = "Pay"
date = 2024-02-29T12:00:00Z
tags = ["money", 'till']
weight = 1.5
[extra]
team = "pay"
[[people]]
name = "Ada"
"""
TEXTS = [PREAMBLE, YAML, TOML]


def case(start: int, number: int) -> str:
    chance = chance_of(start, number)
    spoil = chance.choices([_spoiled, _bomb, noise], [8, 1, 1])[0]
    fence = chance.choice(["---", "---", "+++"])
    front = spoil(chance).encode(errors="replace").decode()
    return f"{fence}\n{front}\n{fence}\n\n# Heading\n\nIt SHALL work.\n"


def _spoiled(chance: random.Random) -> str:
    return spoiled(chance, TEXTS, WAYS)


def _valued(chance: random.Random, text: str) -> str:
    head, sign, tail = text.partition(chance.choice([": ", " = ", ", ", "["]))
    return head + sign + chance.choice(VALUES) + tail[chance.randrange(3) :]


WAYS: list[Way] = [marked, marked, cut, lines, lines, _valued, _valued, splicing(TEXTS)]


def _bomb(chance: random.Random) -> str:
    size = chance.choice([10, 100, 1_000, 10_000, 30_000, 60_000])
    bombs: list[Callable[[], str]] = [
        lambda: (
            "a0: &a0 [x]\n"
            + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, min(size, 900)))
        ),
        lambda: "a: &a [*a]\n",
        lambda: "a: &a {<<: *a}\n",
        lambda: "x: " + "[" * size,
        lambda: "x: " + "{a: " * size,
        lambda: "x = " + "[" * size,
        lambda: "x = " + "{a = " * size,
        lambda: "x" + ".x" * size + " = 1",
        lambda: "[" + "x." * size + "x]",
        lambda: "".join(f"[a{n}]\nb = 1\n" for n in range(size)),
        lambda: "".join(f"x{n}: 1\n" for n in range(size)),
        lambda: "x: 1\n" * size,
        lambda: "x: [" + "1, " * size + "]",
        lambda: "x: " + "9" * size,
        lambda: "x = " + "9" * size,
        lambda: "x = 0x" + "f" * size,
        lambda: "x = " + "1_" * size + "1",
        lambda: "x: 1e" + "9" * size,
        lambda: "x = 1e" + "9" * size,
        lambda: "tags: [" + "a, " * size + "]",
        lambda: "requires: " + "20, " * size,
        lambda: "title: " + "x" * size,
        lambda: "x: |\n" + "  y\n" * size,
        lambda: "- " * size,
        lambda: "? " * size,
        lambda: "x: " + "!!python/object/apply:os.system [ls]\n" * min(size, 100),
        lambda: "%YAML 9.9\n" * size,
        lambda: 'x = """' + "\n" * size,
        lambda: "x: " + "y" * (BYTES_LIMIT + size),
        lambda: "x: {" + f"'{'k' * 200}': 1, " * min(size, 1_000) + "}",
    ]
    return chance.choice(bombs)()


def read_case(text: str) -> str:
    return came_of(lambda: library_in({"d/x.md": text}, kinds=KINDS, keys={}))
