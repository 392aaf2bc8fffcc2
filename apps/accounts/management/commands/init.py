"""`manage.py init`: the first owner and workspace, from LATTICE_INIT_*."""

from typing import Any

from django.conf import settings

from apps.accounts.services.first_owner import make_first_owner
from apps.common.commands import LatticeCommand, Report, UsageError
from apps.ledger.switch import is_on


class Command(LatticeCommand):
    help = "Make the first owner and workspace named by LATTICE_INIT_*, if there is nobody yet."

    def run(self, **_: Any) -> Report:
        if not settings.INIT_EMAIL or not settings.INIT_PASSWORD:
            raise UsageError("Set LATTICE_INIT_EMAIL and LATTICE_INIT_PASSWORD.")
        if is_on():
            return Report("The kill switch is on: nobody was made.", {"made": False})
        owner = make_first_owner(
            email=settings.INIT_EMAIL,
            password=settings.INIT_PASSWORD,
            workspace_name=settings.INIT_WORKSPACE,
        )
        if owner is None:
            return Report("There are people here already: nothing was changed.", {"made": False})
        return Report(
            f"{owner.email} owns the workspace {settings.INIT_WORKSPACE}.",
            {"made": True, "owner": str(owner.id), "workspace": str(owner.default_workspace_id)},
        )
