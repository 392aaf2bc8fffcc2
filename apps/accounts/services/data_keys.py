"""Rotating the keys that encrypted texts are sealed with. Texts themselves are not touched."""

from uuid import UUID

from apps.accounts import events, keyring
from apps.accounts.models import DataKey, Workspace
from apps.common.actors import Actor
from apps.common.errors import NotAllowed
from apps.ledger.services import record, unit


def rewrap_data_keys(*, actor: Actor) -> int:
    """Wrap every data key with the newest master key: afterwards the older ones may go."""
    require_system(actor)
    with unit(actor=actor):
        keys = list(
            DataKey.objects.select_for_update()
            .exclude(master_key_id=keyring.newest_master_key_id())
            .order_by("id")
        )
        for key in keys:
            keyring.rewrap(key)
        DataKey.objects.bulk_update(keys, ["wrapped", "master_key_id"], batch_size=500)
        if keys:
            newest = keyring.newest_master_key_id()
            record(events.DataKeysRewrapped(count=len(keys), master_key=newest))
    return len(keys)


def add_data_key(*, workspace_id: UUID, actor: Actor) -> DataKey:
    """A new version for what is written from now on; older versions go on reading."""
    require_system(actor)
    with unit(actor=actor, workspace=workspace_id):
        Workspace.objects.visible_to(actor).select_for_update().get(id=workspace_id)
        versions = DataKey.objects.filter(workspace_id=workspace_id).order_by("-version")
        key = keyring.new_data_key(
            workspace_id, (versions.values_list("version", flat=True).first() or 0) + 1
        )
        key.save(force_insert=True)
        record(events.DataKeyMade(version=key.version))
    return key


def require_system(actor: Actor) -> None:
    if actor.actor_kind != "system":
        raise NotAllowed
