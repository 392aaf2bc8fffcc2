"""`manage.py init`: the first owner and workspace, from LATTICE_INIT_*."""

from typing import Any

from django.conf import settings

from apps.accounts.services.first_owner import make_first_owner, somebody_is_here
from apps.common.commands import LatticeCommand, Report, UsageError
from apps.ledger.switch import is_on


class Command(LatticeCommand):
    help = "Make the first owner and workspace named by LATTICE_INIT_*, if there is nobody yet."
    writes = True

    def run(self, *, dry_run: bool, **_: Any) -> Report:
        if not settings.INIT_EMAIL or not settings.INIT_PASSWORD:
            raise UsageError("Set LATTICE_INIT_EMAIL and LATTICE_INIT_PASSWORD.")
        if is_on():
            return Report("The kill switch is on: nobody was made.", {"made": False})
        if dry_run and not somebody_is_here():
            return Report(
                f"{settings.INIT_EMAIL} would own the workspace {settings.INIT_WORKSPACE}.",
                {"made": False, "would_make": settings.INIT_EMAIL},
            )
        owner = (
            None
            if dry_run
            else make_first_owner(
                email=settings.INIT_EMAIL,
                password=settings.INIT_PASSWORD,
                workspace_name=settings.INIT_WORKSPACE,
            )
        )
        if owner is None:
            return Report("There are people here already: nothing was changed.", {"made": False})
        return Report(
            f"{owner.email} owns the workspace {settings.INIT_WORKSPACE}.",
            {"made": True, "owner": str(owner.id), "workspace": str(owner.default_workspace_id)},
        )
