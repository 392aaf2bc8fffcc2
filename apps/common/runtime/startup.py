"""What must be true of the database before anybody serves: tables, a first owner, the demo."""

import json
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.common.runtime.services import Services

DEMO_COMMAND = "seed_demo"
DEMO_SPECS_COMMAND = "seed_demo_specs"
FIRST_OWNER_COMMAND = "init"


def embedded_services() -> Services:
    return Services(
        settings.DATA_DIR, postgres=settings.EMBEDDED_POSTGRES, redis=settings.EMBEDDED_REDIS
    )


def prepare_database() -> dict[str, Any]:
    """Returns the facts of the demo workspace, if there is one."""
    try:
        if unapplied_migrations():
            call_command("migrate", verbosity=0)
        known = get_commands()
        if FIRST_OWNER_COMMAND in known and settings.INIT_EMAIL:
            call_command(FIRST_OWNER_COMMAND, stdout=StringIO())
        if DEMO_COMMAND in known and settings.DEMO:
            facts = _answer_of(DEMO_COMMAND)
            if "workspace" in facts and DEMO_SPECS_COMMAND in known:
                call_command(DEMO_SPECS_COMMAND, facts["workspace"], stdout=StringIO())
            return facts
        return {}
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]


def foresee_people(*, migrated: bool) -> dict[str, str]:
    """What `prepare_database` would do about the first owner and the demo, in words."""
    known = get_commands()
    asked = {
        "first_owner": (FIRST_OWNER_COMMAND, bool(settings.INIT_EMAIL)),
        "demo": (DEMO_COMMAND, settings.DEMO),
    }
    said = {}
    for name, (command, is_wanted) in asked.items():
        if command in known and is_wanted:
            answer = StringIO("")
            if migrated:
                call_command(command, dry_run=True, stdout=answer)
            said[name] = answer.getvalue().strip() or f"Then `{command}` would be run."
    return said


def unapplied_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _answer_of(command: str) -> dict[str, Any]:
    answer = StringIO()
    call_command(command, json=True, stdout=answer)
    facts: dict[str, Any] = json.loads(answer.getvalue())
    return facts
