"""`manage.py deliveries`: see what subscribers are owed, and have what was parked started again."""

from typing import Any

from django.core.management.base import CommandParser

from apps.activity.selectors.backlog import backlog, consuming_workers
from apps.common.actors import SYSTEM
from apps.common.commands import LatticeCommand, Outcome, Report, UsageError
from apps.ledger import deliveries
from apps.ledger.models import Delivery

SHOWN = 100


class Command(LatticeCommand):
    help = "List open or parked deliveries of events to subscribers, and replay the parked ones."
    writes = True

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--parked", action="store_true", help="List only what is parked.")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--replay", type=int, metavar="ID", help="Replay this parked one.")
        which.add_argument("--replay-all", action="store_true", help="Replay all parked ones.")

    def run(
        self, *, parked: bool, replay: int | None, replay_all: bool, dry_run: bool, **_: Any
    ) -> Report:
        if replay is not None or replay_all:
            return self._replay(replay, dry_run=dry_run)
        return self._list(parked_only=parked)

    def _replay(self, delivery: int | None, *, dry_run: bool) -> Report:
        chosen = Delivery.objects.parked()
        if delivery is not None:
            chosen = chosen.filter(pk=delivery)
            if not chosen.exists():
                raise UsageError(f"No parked delivery has the id {delivery}.")
        count = chosen.count() if dry_run else deliveries.replay(parked=chosen, actor=SYSTEM)
        verb = "would be started" if dry_run else "will be started"
        return Report(f"{count} {verb} again.", {"replayed": 0 if dry_run else count, "of": count})

    def _list(self, *, parked_only: bool) -> Report:
        known, workers = backlog(), consuming_workers()
        chosen = Delivery.objects.parked() if parked_only else Delivery.objects.unfinished()
        rows = list(chosen.select_related("event").order_by("id")[:SHOWN])
        lines = [f"{known.open} open, {known.parked} parked, {len(workers)} workers consume."]
        lines += [
            f"{row.pk}  {row.subscription}  {row.event.type} #{row.event.seq}"
            f"  attempts {row.attempts}  {row.last_error}".rstrip()
            for row in rows
        ]
        return Report(
            "\n".join(lines),
            {
                "open": known.open,
                "parked": known.parked,
                "oldest": known.oldest,
                "workers": workers,
                "deliveries": [
                    {
                        "id": row.pk,
                        "subscription": row.subscription,
                        "event": row.event_id,
                        "type": row.event.type,
                        "workspace": row.event.workspace_id,
                        "seq": row.event.seq,
                        "attempts": row.attempts,
                        "next_at": row.next_at,
                        "parked_at": row.parked_at,
                        "last_error": row.last_error,
                    }
                    for row in rows
                ],
            },
            Outcome.DEGRADED if known.parked else Outcome.OK,
        )
