"""Where the source asks for a lock: of rows, or by a name of PostgreSQL's."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.migrated import ROOT

ADVISORY = re.compile(r"\bpg_(try_)?advisory_(xact_)?lock\b")
ROWS = re.compile(r"\s+FOR (NO KEY )?UPDATE( SKIP LOCKED)?")


@dataclass(frozen=True)
class Place:
    """Characters of a file, and what stands there when the guard is away."""

    file: str
    begin: int
    end: int
    instead: str

    def without(self, text: str) -> str:
        return text[: self.begin] + self.instead + text[self.end :]


def locks(app: str) -> dict[str, Place]:
    """By module and function; the second one of a function ends in `.2`."""
    found: dict[str, Place] = {}
    home = ROOT / "apps" / app
    for path in sorted(home.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        seen: Counter[str] = Counter()
        module = ".".join(path.relative_to(home).with_suffix("").parts)
        for function, place in _Source(path).locks():
            name = f"{module}.{function}"
            seen[name] += 1
            found[name if seen[name] == 1 else f"{name}.{seen[name]}"] = place
    return found


class _Source:
    def __init__(self, path: Path) -> None:
        self.file = str(path.relative_to(ROOT))
        self.text = path.read_text()

    @cached_property
    def _lines(self) -> list[int]:
        """Where each begins. The places of `ast` count bytes, ours characters."""
        begins = [0]
        for line in self.text.splitlines(keepends=True):
            begins.append(begins[-1] + len(line))
        return begins

    def _place(self, line: int, column: int) -> int:
        begin = self._lines[line - 1]
        told = self.text[begin : self._lines[line]].encode()[:column]
        return begin + len(told.decode())

    def locks(self) -> Iterator[tuple[str, Place]]:
        if "select_for_update" in self.text or ADVISORY.search(self.text) or ROWS.search(self.text):
            yield from self._within(ast.parse(self.text), ())

    def _within(self, node: ast.AST, around: tuple[str, ...]) -> Iterator[tuple[str, Place]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            around = (*around, node.name)
        elif isinstance(node, ast.Assign) and not around:
            around = (ast.unparse(node.targets[0]),)
        for child in ast.iter_child_nodes(node):
            yield from self._within(child, around)
            for place in self._of(child, is_said=isinstance(node, ast.Expr)):
                yield ".".join(around), place

    def _of(self, node: ast.AST, *, is_said: bool) -> Iterator[Place]:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "select_for_update":
                assert node.func.value.end_lineno is not None
                assert node.func.value.end_col_offset is not None
                begin = self._place(node.func.value.end_lineno, node.func.value.end_col_offset)
                yield Place(self.file, begin, self._end(node), ".all()")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not is_said:
            begin, end = self._place(node.lineno, node.col_offset), self._end(node)
            for pattern, instead in [(ADVISORY, "num_nonnulls"), (ROWS, "")]:
                for match in pattern.finditer(self.text, begin, end):
                    yield Place(self.file, match.start(), match.end(), instead)

    def _end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._place(node.end_lineno, node.end_col_offset)
