"""What is proposed is applied by a relay and a worker, as real processes."""

import pytest
from celery import current_app

from apps.accounts.choices import Role
from apps.policies.services.versions import apply_policy
from apps.specs.choices import ProposalState
from apps.specs.models.proposals import Proposal
from tests.factories import WorkspaceFactory, member
from tests.specs.graphs import node, plant
from tests.specs.proposing import POLICY, retitle, spec, submit
from tests.waiting import eventually

CELERY = ("-m", "celery", "-A", "config.celery", "worker", "--concurrency=1")
QUIET = ("--without-gossip", "--without-mingle")


@pytest.mark.parametrize("queues", [(), ("-Q", "mutations")], ids=["any", "mutations"])
def test_by_an_ordinary_worker_and_by_one_for_this_alone(machine, queues):
    workspace = WorkspaceFactory.create()
    writer = member(workspace, Role.CONTRIBUTOR)
    apply_policy(text=POLICY, workspace=workspace.id, actor=member(workspace, Role.OWNER))
    plant(workspace, [node("REQ-1")])
    machine.run("worker", *CELERY, *QUIET, *queues)
    machine.relay()
    proposal = submit(workspace, writer, retitle("REQ-1", "Anew")).proposal
    mine = Proposal.objects.filter(id=proposal.id)
    eventually(lambda: mine.get().state == ProposalState.APPLIED)
    assert spec("REQ-1").title == "Anew"


def test_what_is_applied_goes_before_what_is_indexed():
    came = []

    def take(_, message):
        came.append(message.headers["task"])
        message.ack()

    wanted = ["specs.apply_mutation", "specs.look_again"]
    current_app.control.purge()  # what other tests have left there
    with current_app.connection_for_write() as broker, broker.channel() as channel:
        for task in ["specs.index_revision", "specs.find_likeness", *wanted]:
            current_app.send_task(task, args=[0], connection=broker)
        with current_app.amqp.TaskConsumer(channel, callbacks=[take], accept=["json"]) as consumer:
            consumer.qos(prefetch_count=1)
            while len(came) < 4:
                broker.drain_events(timeout=5)
    assert came[:2] == wanted
