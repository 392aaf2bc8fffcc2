"""Keys, and what was recorded of whoever holds them."""

from apps.accounts.services.keys import issue_key
from apps.ledger.models import Event


def recorded():
    return [
        name.removeprefix("accounts.")
        for name in Event.objects.order_by("seq").values_list("type", flat=True)
    ]


def key_for(holder, workspace, actor, scopes=("read", "write"), **fields):
    return issue_key(
        holder=holder, workspace_id=workspace.id, name="k", scopes=scopes, actor=actor, **fields
    )
