"""A pytest plugin for `make mutants`: tests without what they are about, and how they ended."""

import json
from pathlib import Path

import pytest
from django.db import connection

REMOVALS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I CASCADE', conrelid::regclass, conname)
    FROM pg_constraint WHERE conname = %(name)s
UNION ALL SELECT format('DROP INDEX %%I', relname) FROM pg_class
    WHERE relkind = 'i' AND relname = %(name)s
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = pg_class.oid)
UNION ALL SELECT format('DROP TRIGGER %%I ON %%s', tgname, tgrelid::regclass)
    FROM pg_trigger WHERE tgname = %(name)s
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--away",
        action="store_true",
        help="each test runs without the constraint or trigger that is its parameter `name`",
    )
    parser.addoption("--outcomes", help="a file for how each test ended, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    if path := config.getoption("--outcomes"):
        config.pluginmanager.register(_Outcomes(Path(path)))


@pytest.fixture(autouse=True)
def _without_it(request: pytest.FixtureRequest) -> None:
    """Until the test is rolled back."""
    if request.config.getoption("--away"):
        request.getfixturevalue("db")
        with connection.cursor() as cursor:
            cursor.execute(REMOVALS, {"name": request.node.callspec.params["name"]})
            [(removal,)] = cursor.fetchall()
            cursor.execute(removal)


class _Outcomes:
    """Passed, or red within the test itself, or something went wrong around it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ended: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.ended.get(report.nodeid, ("", ""))[0] == "red":
            return  # what it leaves behind may trouble whoever tidies up
        if report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            said = (crash.message if crash else str(report.longrepr)).strip().splitlines()[0]
            self.ended[report.nodeid] = ("red" if report.when == "call" else "broken", said)
        elif report.skipped:
            self.ended[report.nodeid] = ("skipped", str(report.longrepr))
        elif report.when == "call":
            self.ended.setdefault(report.nodeid, ("passed", ""))

    def pytest_sessionfinish(self) -> None:
        self.path.write_text(json.dumps(self.ended))
