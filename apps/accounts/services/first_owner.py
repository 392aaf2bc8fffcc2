"""The first owner of a new instance, who is its operator too."""

from django.db import connection

from apps.accounts.choices import ActorKind
from apps.accounts.models import User, Workspace
from apps.accounts.rules import DEMO_DOMAIN
from apps.accounts.services.people import refresh_console_access, register_person
from apps.accounts.services.workspaces import create_workspace
from apps.common.actors import SYSTEM
from apps.ledger.services import unit


def make_first_owner(*, email: str, password: str, workspace_name: str) -> User | None:
    """None if somebody is there already, but for the demo's people: then nothing is changed."""
    with unit(actor=SYSTEM):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('first owner', 0))")
        if somebody_is_here():
            return None
        owner = register_person(email=email, password=password, actor=SYSTEM)
        workspace: Workspace = create_workspace(name=workspace_name, owner=owner, actor=SYSTEM)
        owner.is_superuser = True
        owner.default_workspace = workspace
        owner.save(update_fields=["is_superuser", "default_workspace", "updated_at"])
        refresh_console_access(owner.id)
    return owner


def somebody_is_here() -> bool:
    people = User.objects.get_queryset().filter(kind=ActorKind.PERSON)
    return people.exclude(email__endswith=f"@{DEMO_DOMAIN}").exists()
