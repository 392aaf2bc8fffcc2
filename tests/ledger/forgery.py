"""What somebody with all rights on the database may try, so that we see it found."""

from random import Random
from uuid import UUID

from django.db import connection

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.models import Chain, Epoch, Event
from apps.ledger.rules import BEGINNING, canonical, linked
from apps.ledger.services import record, unit, write_checkpoint
from tests.ledger.bells import BellRung


def write_history(random: Random, *, workspaces: int, events: int) -> list[UUID]:
    """Chains under several checkpoints, and nothing after the last one."""
    ids = sorted(uuid7() for _ in range(workspaces))
    for number in range(events):
        for id_ in random.sample(ids, random.randint(1, workspaces)) if number else ids:
            ring(id_, f"note {number}")
        if random.random() < 0.3:
            write_checkpoint()
    write_checkpoint()
    return ids


def ring(workspace: UUID, note: str = "") -> None:
    with unit(actor=SYSTEM, workspace=workspace):
        record(BellRung(bell=uuid7(), note=note))


def lift_the_guards() -> None:
    with connection.cursor() as cursor:
        for table in ("ledger_event", "ledger_chain", "ledger_epoch"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def chain_of(workspace: UUID):
    return Event.objects.filter(workspace_id=workspace).order_by("seq")


def rehash(workspace: UUID, *, since: int = 1, count: int | None = None) -> None:
    """Make hashes fit again from a row on; to the end, the counter too."""
    head = BEGINNING
    for event in chain_of(workspace):
        if event.seq >= since and (count is None or event.seq < since + count):
            event.previous_hash = head
            event.hash = linked(head, canonical(event, event.seq))
            event.save(update_fields=["previous_hash", "hash"])
        head = bytes(event.hash)
    if count is None:
        last = chain_of(workspace).last()
        Chain.objects.filter(workspace_id=workspace).update(seq=last.seq if last else 0, head=head)


def renumber(workspace: UUID) -> None:
    for seq, event in enumerate(list(chain_of(workspace)), 1):
        Event.objects.filter(id=event.id).update(seq=seq)


def change_a_column(random: Random, workspace: UUID) -> None:
    event = random.choice(list(chain_of(workspace)))
    column, value = random.choice(
        [
            ("id", "gen_random_uuid()"),
            ("type", "'tests.bell.muted'"),
            ("actor_id", "gen_random_uuid()"),
            ("actor_kind", "'person'"),
            ("payload", 'payload || \'{"note": "silence"}\''),
            ("payload", "payload || '{\"bell\": 1.5}'"),
            ("payload", "payload || '{\"bell\": 100000000000000000000000000000000000000}'"),
            ("payload", "'[]'"),
            ("payload", "payload - 'note'"),
            ("request_id", "'r-2'"),
            ("trace_id", "'t-2'"),
            ("via", "'session'"),
            ("at", "at - interval '1 microsecond'"),
            ("at", "'infinity'"),
            ("at", "'-infinity'"),
            ("at", "'4000-01-01 BC'"),
            ("hash", "sha256(hash)"),
            ("previous_hash", "sha256(hash)"),
            ("previous_hash", "''"),
            ("seq", "seq + 1000"),
            ("workspace_id", "gen_random_uuid()"),
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE ledger_event SET {column} = {value} WHERE id = %s", [event.id])


def change_and_rehash_it(random: Random, workspace: UUID) -> None:
    event = random.choice(list(chain_of(workspace)))
    Event.objects.filter(id=event.id).update(actor_kind="person")
    rehash(workspace, since=event.seq, count=1)


def change_and_rehash_all(random: Random, workspace: UUID) -> None:
    event = random.choice(list(chain_of(workspace)))
    Event.objects.filter(id=event.id).update(via="session")
    rehash(workspace, since=event.seq)


def delete_one(random: Random, workspace: UUID) -> None:
    random.choice(list(chain_of(workspace))).delete()


def delete_one_and_rehash(random: Random, workspace: UUID) -> None:
    delete_one(random, workspace)
    renumber(workspace)
    rehash(workspace)


def truncate_the_tail(random: Random, workspace: UUID) -> None:
    first = random.choice(list(chain_of(workspace))).seq
    chain_of(workspace).filter(seq__gte=first).delete()


def truncate_the_tail_and_its_counter(random: Random, workspace: UUID) -> None:
    truncate_the_tail(random, workspace)
    rehash(workspace)


def delete_a_chain(random: Random, workspace: UUID) -> None:
    chain_of(workspace).delete()
    Chain.objects.filter(workspace_id=workspace).delete()


def delete_everything(random: Random, workspace: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DELETE FROM ledger_event")
        cursor.execute("DELETE FROM ledger_chain")


def swap_two(random: Random, workspace: UUID) -> None:
    first, second = random.sample(list(chain_of(workspace)), 2)
    Event.objects.filter(id=first.id).update(seq=0x7FFFFFFF)
    Event.objects.filter(id=second.id).update(seq=first.seq)
    Event.objects.filter(id=first.id).update(seq=second.seq)


def swap_two_and_rehash(random: Random, workspace: UUID) -> None:
    swap_two(random, workspace)
    rehash(workspace)


def slip_one_in(random: Random, workspace: UUID) -> None:
    place = random.choice(list(chain_of(workspace))).seq
    for event in list(chain_of(workspace).filter(seq__gte=place).order_by("-seq")):
        Event.objects.filter(id=event.id).update(seq=event.seq + 1)
    event.id, event.seq = uuid7(), place
    event.save(force_insert=True)
    rehash(workspace)


def turn_back_the_counter(random: Random, workspace: UUID) -> None:
    seq = random.randint(0, Chain.objects.get(workspace_id=workspace).seq - 1)
    Chain.objects.filter(workspace_id=workspace).update(seq=seq)


def change_the_head(random: Random, workspace: UUID) -> None:
    Chain.objects.filter(workspace_id=workspace).update(head=random.randbytes(32))


def pretend_a_restore(random: Random, workspace: UUID) -> None:
    truncate_the_tail_and_its_counter(random, workspace)
    Epoch.objects.create(reason="restored", checkpoint_number=0)


FORGERIES = [
    *[change_a_column] * 6,
    change_and_rehash_it,
    change_and_rehash_all,
    delete_one,
    delete_one_and_rehash,
    truncate_the_tail,
    truncate_the_tail_and_its_counter,
    delete_a_chain,
    delete_everything,
    swap_two,
    swap_two_and_rehash,
    slip_one_in,
    turn_back_the_counter,
    change_the_head,
    pretend_a_restore,
]
