"""`manage.py rotate_keys`: wrap the data keys with the newest master key, or make new data keys."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import CommandParser

from apps.accounts import keyring
from apps.accounts.models import DataKey, Workspace
from apps.accounts.services.data_keys import add_data_key, rewrap_data_keys
from apps.accounts.services.second_steps import reseal_second_steps, sealed_before
from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Report


class Command(LatticeCommand):
    help = (
        "Wrap every workspace's data key, and seal every second step, with the newest of "
        "LATTICE_MASTER_KEYS. "
        "With --data-keys, also begin a new data key in every workspace that has one."
    )
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--data-keys", action="store_true", help="Begin new data keys, too.")

    def run(self, *, dry_run: bool, data_keys: bool, **_: Any) -> Report:
        newest = keyring.newest_master_key_id()
        workspaces = list(
            Workspace.objects.visible_to(SYSTEM)
            .filter(id__in=DataKey.objects.values("workspace_id"))
            .values_list("id", flat=True)
            if data_keys
            else []
        )
        if dry_run:
            rewrapped = DataKey.objects.exclude(master_key_id=newest).count()
            resealed = sum(map(sealed_before, Authenticator.objects.all()))
        else:
            rewrapped = rewrap_data_keys(actor=SYSTEM)
            resealed = reseal_second_steps(actor=SYSTEM)
            with self.progress("New data keys", total=len(workspaces)) as advance:
                for workspace_id in workspaces:
                    add_data_key(workspace_id=workspace_id, actor=SYSTEM)
                    advance()
        would = "would be " if dry_run else ""
        return Report(
            f"{rewrapped} data keys {would}wrapped anew with master key {newest}, "
            f"{len(workspaces)} {would}begun; {resealed} second steps {would}sealed anew.",
            {
                "rewrapped": rewrapped,
                "resealed": resealed,
                "begun": len(workspaces),
                "master_key": newest,
            },
        )
