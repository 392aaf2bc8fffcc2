"""How long it takes to show what would change, beside the naive way in the same run.

    .venv/bin/python -m bench.diffs [--lines 5000] [--rounds 5]

One core. So many lines changed by a word or three: one after the other, and spread over a text four
times as long. Ours is what the server does with two texts for a page: which lines stay, which are
others now, by which words, as HTML; beyond so many lines it counts. The naive way shows all: it
compares with difflib, the lines and then the words of each pair of them, and loops in a template.
What is measured is time of the processor; rounds alternate and medians are shown, because other
work comes and goes.
"""

import difflib
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from statistics import median

from bench.ground.figures import Figure, arguments, tell
from bench.ground.timing import milliseconds

LINES = 5_000
GOAL_MS = 300.0
WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
TEMPLATE = """<table>{% for kind, before, after, pieces in lines %}<tr class="{{ kind }}">
<td>{{ before|default_if_none:"" }}</td><td>{{ after|default_if_none:"" }}</td>
<td>{% for text, changed in pieces %}
{% if changed %}<b>{{ text }}</b>{% else %}{{ text }}{% endif %}
{% endfor %}</td></tr>{% endfor %}</table>"""


def texts(lines: int, *, apart: int) -> tuple[str, str]:
    """Every `apart`th line is changed."""
    seeded = random.Random(7)
    words = [
        "".join(seeded.choices("abcdefghijklmnopqrstuvwxyz", k=seeded.randint(2, 9)))
        for _ in range(2_000)
    ]
    before = [seeded.choices(words, k=seeded.randint(3, 14)) for _ in range(lines * apart)]
    after = [list(line) for line in before]
    for line in after[::apart]:
        for _ in range(seeded.randint(1, 3)):
            line[seeded.randrange(len(line))] = seeded.choice(words)
    one, other = ("".join(f"    {' '.join(line)}\n" for line in each) for each in (before, after))
    return one, other


def ours(view: str) -> Callable[[str, str], str]:
    from apps.common.diffs.comparing import compare
    from apps.common.diffs.drawing import draw

    def show(before: str, after: str) -> str:
        diff = compare(before, after)
        return draw(diff, name="bench", view=view, operation=0, unfold=lambda _: "?")

    return show


def naive() -> Callable[[str, str], str]:
    from django.template import Context, Template

    template = Template(TEMPLATE)

    def show(before: str, after: str) -> str:
        return template.render(Context({"lines": list(naive_lines(before, after))}))

    return show


def naive_lines(before: str, after: str):
    one, other = before.splitlines(), after.splitlines()
    for group in difflib.SequenceMatcher(None, one, other).get_grouped_opcodes():
        for kind, a, b, c, d in group:
            if kind == "equal":
                for step in range(b - a):
                    yield "same", a + step, c + step, [(one[a + step], False)]
                continue
            pairs = [by_words(x, y) for x, y in zip(one[a:b], other[c:d], strict=False)]
            for step in range(b - a):
                whole = [(one[a + step], True)]
                yield "gone", a + step, None, pairs[step][0] if step < len(pairs) else whole
            for step in range(d - c):
                whole = [(other[c + step], True)]
                yield "new", None, c + step, pairs[step][1] if step < len(pairs) else whole


def by_words(one: str, other: str):
    old, new = WORD.findall(one), WORD.findall(other)
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return (
        [("".join(old[a:b]), kind != "equal") for kind, a, b, _, _ in codes if a < b],
        [("".join(new[c:d]), kind != "equal") for kind, _, _, c, d in codes if c < d],
    )


def measure(lines: int, rounds: int) -> Iterator[Figure]:
    from apps.common.diffs.comparing import compare

    ways = {"unified": ours("unified"), "split": ours("split")}
    beside = naive()
    for name, apart in (("in a row", 1), ("every fourth line", 4)):
        before, after = texts(lines, apart=apart)
        print(f"{lines:,} lines changed, {name}; {compare(before, after).left:,} lines left out")
        took = [
            [
                milliseconds(show, before, after, clock=time.process_time)
                for show in (*ways.values(), beside)
            ]
            for _ in range(rounds)
        ]
        *mine, other = (median(column) for column in zip(*took, strict=True))
        for way, value in zip(ways, mine, strict=True):
            yield Figure(
                what=f"{lines:,} lines changed {name}, shown {way}",
                value=value,
                beside="difflib and a template",
                other=other,
                at_most=GOAL_MS,
            )


def main() -> None:
    asked = arguments(__doc__)
    asked.add_argument("--lines", type=int, default=LINES)
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    tell(measure(given.lines, given.rounds), given)


if __name__ == "__main__":
    main()
