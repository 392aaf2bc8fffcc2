"""`manage.py index_specs`: what specs are searched by, made up to date or anew."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from apps.accounts.models import Workspace
from apps.common.commands import LatticeCommand, Outcome, Report
from apps.common.errors import DomainError
from apps.specs.models.search import Passage
from apps.specs.services import forgetting, indexing


class Command(LatticeCommand):
    help = (
        "Index what is not indexed yet: specs of before there was an index, or of another model. "
        "It goes on where it was stopped, and searches go on meanwhile."
    )
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--workspace", type=UUID, help="Only this one.")
        parser.add_argument("--again", action="store_true", help="Forget the index and begin anew.")

    def run(self, *, workspace: UUID | None, again: bool, dry_run: bool, **_: Any) -> Report:
        found = Workspace.objects.filter(deleted_at=None).order_by("id")
        ids = [*(found.filter(id=workspace) if workspace else found).values_list("id", flat=True)]
        done = {"placed": 0, "posted": 0, "embedded": 0}
        because = ""
        for one in ids if not dry_run else ():
            try:
                if again:
                    forgetting.forget_index(one)
                self._index(one, done)
            except DomainError as error:
                because = str(error)
        left = {
            "unplaced": sum(indexing.unplaced(one).count() for one in ids),
            "unposted": Passage.objects.filter(workspace__in=ids, is_posted=False).count(),
            "waiting": sum(map(indexing.waiting_in, ids)),
            "refused": sum(map(indexing.refused_in, ids)),
        }
        lines = [
            f"{done['placed']} versions were placed, {done['posted']} passages had their words "
            f"posted, {done['embedded']} their meaning found."
            if not dry_run
            else f"{left['unplaced']} versions would be placed, at least {left['unposted']} "
            f"passages have their words posted and {left['waiting']} their meaning found.",
            *([f"{left['refused']} are refused by the model."] if left["refused"] else ()),
            *([because] if because else ()),
        ]
        outcome = Outcome.DEGRADED if because else Outcome.OK
        return Report("\n".join(lines), {**done, **left, "because": because}, outcome)

    def _index(self, workspace: UUID, done: dict[str, int]) -> None:
        versions = indexing.unplaced(workspace).count()
        with self.progress("Placing versions", total=versions) as advance:
            while placed := indexing.place_missing(workspace):
                done["placed"] += placed
                advance(placed)
        unposted = Passage.objects.filter(workspace=workspace, is_posted=False).count()
        with self.progress("Posting words", total=unposted) as advance:
            while posted := indexing.post_passages(workspace):
                done["posted"] += posted
                advance(posted)
        with self.progress("Finding meanings", total=indexing.waiting_in(workspace)) as advance:
            while embedded := indexing.embed_passages(workspace):
                done["embedded"] += embedded
                advance(embedded)
        indexing.grow_index(workspace)
