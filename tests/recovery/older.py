"""A database as the first versions of all apps left it, with people, keys and sealed texts in it.
Rows are written by the models as they were then.
"""

from secrets import token_urlsafe
from typing import Any

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.accounts import keyring
from apps.accounts.choices import Role, Scope, WorkspaceKind
from apps.accounts.credentials import fingerprint, new_api_key

EMAIL = "ada@example.com"
SAID = b"Kept between us."
CONTEXT = "tests.said:1"


def lay_out() -> dict[str, Any]:
    """Into the database that this process looks at, which is empty. What was made."""
    executor = MigrationExecutor(connection)
    ours = [app.label for app in apps.get_app_configs() if app.name.startswith("apps.")]
    first = [node for label in ours for node in executor.loader.graph.root_nodes(label)]
    executor.migrate(first)
    return _move_in(executor.loader.project_state(first).apps)


def _move_in(then: Any) -> dict[str, Any]:
    def make(label: str, model: str, **values: Any) -> Any:
        return then.get_model(label, model).objects.create(**values)

    password, parts = token_urlsafe(16), new_api_key()
    person = make("accounts", "User", email=EMAIL, name="Ada", password=make_password(password))
    workspace = make("accounts", "Workspace", name="Bakery", kind=WorkspaceKind.ORGANIZATION)
    make("accounts", "Membership", workspace=workspace, user=person, role=Role.OWNER)
    make(
        *("accounts", "ApiKey"),
        public_id=parts.public_id,
        secret_hash=fingerprint(parts.secret),
        user=person,
        workspace=workspace,
        name="of then",
        scopes=[Scope.READ],
        created_by=person,
    )
    key = keyring.new_data_key(workspace.id, 1)
    fields = ("workspace_id", "version", "wrapped", "master_key_id")
    make("accounts", "DataKey", **{name: getattr(key, name) for name in fields})
    make("ledger", "Chain", workspace_id=workspace.id, seq=0, head=bytes(32))
    return {
        "password": password,
        "key": str(parts),
        "workspace": workspace.id,
        "sealed": keyring.encrypt(workspace.id, SAID, context=CONTEXT),
    }
