"""What long runs share: they print their figures, and are chosen by their rows."""

import os

import pytest


def pytest_collection_modifyitems(config, items):
    """`make torture ROWS=3,15` runs those rows of docs/reliability.md."""
    wanted = {int(row) for row in os.environ.get("LATTICE_TORTURE_ROWS", "").split(",") if row}
    if not wanted:
        return
    left_out = [
        item
        for item in items
        if item.get_closest_marker("torture")
        and not wanted & {row for mark in item.iter_markers("row") for row in mark.args}
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture
def figures(pytestconfig):
    """`figures("10,000 cases: ...")` stands in the output whether the test passes or not."""
    reporter = pytestconfig.pluginmanager.getplugin("terminalreporter")
    return lambda text: reporter.write_line(f"\n{text}") if reporter else None
