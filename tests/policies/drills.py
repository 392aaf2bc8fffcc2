"""Everybody works, somebody pulls the switch: when did the last effect begin?

Times are of the wall clock of one machine. An effect's beginning is the moment before it was asked
for (requests, units of work), or when it was seen (a task's record, a webhook at its receiver),
which is later than it began, so never flatters.
"""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from itertools import count

from django.db import connections

from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.ledger.errors import KillSwitchOn
from apps.ledger.models import Delivery, Event, KillSwitch
from apps.ledger.services import record, unit
from config.env import ROOT
from tests.activity.bells import BellAnswered, BellRung, ring
from tests.ledger.bells import BellRung as PlainBell
from tests.waiting import drained

WRITERS = 16
WITHIN = 1.0
"""Seconds after the switch's commit in which an effect may still begin."""


class Writer(threading.Thread):
    """Does one thing again and again: `done` is when each began that had its effect."""

    def __init__(self, act, pause=0.0):
        super().__init__()
        self.act = act
        self.pause = pause
        self.ended = threading.Event()
        self.done: list[float] = []
        self.refused = 0
        self.odd: list[str] = []

    def run(self):
        for number in count():
            if self.ended.wait(self.pause):
                break
            began = time.time()
            try:
                outcome = self.act(number)
            except Exception as failure:  # noqa: BLE001
                outcome = repr(failure)
            if outcome is True:
                self.done.append(began)
            elif outcome is False:
                self.refused += 1
                self.ended.wait(0.01)
            else:
                self.odd.append(str(outcome))
        connections.close_all()


def renames(http, url, key, workspace):
    """A request."""
    place, headers = f"{url}/api/v1/workspaces/{workspace.id}", {"X-API-Key": key}

    def act(number):
        answered = http.patch(place, json={"name": f"Number {number}"}, headers=headers)
        if answered.status_code == 503 and answered.json()["error"]["code"] == "kill_switch":
            return False
        return True if answered.status_code == 200 else answered.text

    return act


def refusable(work):
    def act(_):
        try:
            work()
        except KillSwitchOn:
            return False
        return True

    return act


def records(workspace):
    """A unit of work."""

    def work():
        with unit(actor=SYSTEM, workspace=workspace.id):
            record(PlainBell(bell=uuid7()))

    return refusable(work)


def rings(workspace):
    """A unit of work whose event owes a task and a webhook."""
    return refusable(lambda: ring(workspace.id))


@dataclass(frozen=True)
class Outcome:
    effects: int
    """In all, until the switch was released."""
    refused: int
    lateness: dict[str, float]
    """Seconds between the commit and the beginning of the last effect. Negative: before."""

    @property
    def late(self):
        return max(self.lateness.values())

    def __str__(self):
        return (
            f"{self.effects} effects, then {self.refused} refused; "
            f"the last began from the commit: {told(self.lateness)}"
        )


def told(lateness):
    return ", ".join(f"{kind} {late * 1000:+.0f} ms" for kind, late in lateness.items())


def turned(machine, word):
    """By an operator's command, in a process of its own. The last moment at which it was seen not
    to be done: its commit came later, so lateness is not flattered."""
    words = ["manage.py", "kill_switch", word, "--reason", "drill", "--json"]
    command = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | machine.environment,
        stdout=subprocess.DEVNULL,
    )
    breath, before = threading.Event(), time.time()
    asked = before
    while KillSwitch.objects.exists() is not (word == "on"):
        before = asked
        assert command.poll() in (None, 0)
        breath.wait(0.005)
        asked = time.time()
    assert command.wait(60) == 0
    return before


def drill(machine, acts, receiver, *, works_for, stopped_for):
    """`acts` at once; the switch is pulled amid them and released when all has been seen."""
    answered_before = Event.objects.filter(type=BellAnswered.type).count()
    received_before = len(receiver.received)
    writers = [Writer(*act) for act in acts]
    for writer in writers:
        writer.start()
    try:
        writers[0].ended.wait(works_for)
        pulled = turned(machine, "on")
        writers[0].ended.wait(stopped_for)
    finally:
        for writer in writers:
            writer.ended.set()
        for writer in writers:
            writer.join()
    odd = {text for writer in writers for text in writer.odd}
    assert not odd, odd
    tasks = Event.objects.filter(type=BellAnswered.type).order_by("at")[answered_before:]
    began = {
        "requests and units": [moment for writer in writers for moment in writer.done],
        "tasks": [event.at.timestamp() for event in tasks],
        "webhooks": [received.at for received in receiver.received[received_before:]],
    }
    return Outcome(
        effects=sum(map(len, began.values())),
        refused=sum(writer.refused for writer in writers),
        lateness={kind: max(seen) - pulled for kind, seen in began.items() if seen},
    )


def owed(receiver):
    """How much is still to be done: deliveries, and webhooks that nobody has received."""
    sent = {json.loads(received.body)["id"] for received in list(receiver.received)}
    rung = Event.objects.filter(type=BellRung.type).values_list("id", flat=True)
    return Delivery.objects.unfinished().count() + len({str(event) for event in rung} - sent)


def let_go_on(machine, receiver):
    """What waited while it was stopped is done."""
    turned(machine, "off")
    drained(lambda: owed(receiver))
