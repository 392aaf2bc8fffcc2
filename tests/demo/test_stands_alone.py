"""What shows how an agent is written can be copied away: it needs Python, the API, and nothing of
ours, which would be a door that no other agent has.
"""

import ast
import sys

import pytest

from config.env import ROOT

PROGRAMS = sorted((ROOT / "demo").rglob("*.py"))


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "" if node.level else (node.module or "").partition(".")[0]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_imports_python_and_itself(program):
    assert {*imported(program.read_text())} <= {"", *sys.stdlib_module_names}


def test_both_agents_are_looked_at():
    assert {"agent.py", "__main__.py"} <= {path.name for path in PROGRAMS}
