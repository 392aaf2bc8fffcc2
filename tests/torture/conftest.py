"""What long runs share: they print their figures."""

import pytest


@pytest.fixture
def figures(pytestconfig):
    """`figures("10,000 cases: ...")` stands in the output whether the test passes or not."""
    reporter = pytestconfig.pluginmanager.getplugin("terminalreporter")
    return lambda text: reporter.write_line(f"\n{text}") if reporter else None
