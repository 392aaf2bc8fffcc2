"""A database as the first versions of all apps left it, with somebody in it: their password, API
key and encrypted text are as they were written then, and so is the key of their workspace. Whoever
changes how these are written reads the old ones, too.
"""

from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts.choices import Role, Scope, WorkspaceKind

EMAIL, PASSWORD = "ada@example.com", "a lamp, lit at dusk"
HASHED = "bcrypt_sha256$$2b$04$4E2KYaKjBz8l9aK7tWgkBe0u1EKjJRx3Wwkf1hSLMEQvJmyMJ7S66"
API_KEY = "_".join(("lat", "qgbibS0XZ6Ba", "h8TjB5OjvFG6jzxM45vpEbETe1lucpDQVicyHC7J3xapPs"))
FINGERPRINT = "2f5d9c0ef14a69ad1e1e3e4469f15ebb659dc45a2a76c566ac4e9702cd7cda4c"
WORKSPACE = UUID("01a20339-0000-7000-8000-000000000001")
MASTER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
DATA_KEY = """
    ebc45b03917d51df8002caa486aa006a32a798044395b1ddd231d2fa6fb197ef7b4b6d21d311b07ff7ef313c79e4b832
    45b2e1e235413ed24593abca
"""
SAID, CONTEXT = b"Kept between us.", "tests.said:1"
SEALED = """
    01000000011d3fa592a88befec2020bcacbd43eeb7faafa44eb02cd02280d92b3cae2f07c0f47b1b40b67e2a62392c7c
    a0
"""


def lay_out() -> None:
    """Into the database that this process looks at, which is empty."""
    then = _migrated([("ledger", "0001_initial")])
    then.get_model("ledger", "Chain").objects.create(workspace_id=WORKSPACE, seq=0, head=bytes(32))
    ours = [app.label for app in apps.get_app_configs() if app.name.startswith("apps.")]
    graph = MigrationExecutor(connection).loader.graph
    _move_in(_migrated([node for label in ours for node in graph.root_nodes(label)]))


def _migrated(targets: list[tuple[str, str]]) -> Any:
    """The models as they are then."""
    executor = MigrationExecutor(connection)
    return executor.migrate(targets).apps


def _move_in(then: Any) -> None:
    def make(model: str, **values: Any) -> Any:
        return then.get_model("accounts", model).objects.create(**values)

    person = make("User", email=EMAIL, name="Ada", password=HASHED)
    workspace = make("Workspace", id=WORKSPACE, name="Bakery", kind=WorkspaceKind.ORGANIZATION)
    make("Membership", workspace=workspace, user=person, role=Role.OWNER)
    make(
        "ApiKey",
        public_id="qgbibS0XZ6Ba",
        secret_hash=bytes.fromhex(FINGERPRINT),
        user=person,
        workspace=workspace,
        name="of then",
        scopes=[Scope.READ],
        created_by=person,
    )
    make(
        "DataKey",
        workspace=workspace,
        version=1,
        wrapped=bytes.fromhex(DATA_KEY),
        master_key_id="e95d84394107222b",
    )
