"""Of activity, inference and the ledger."""

from decimal import Decimal

from django.utils import timezone

from apps.activity.models import WebhookEndpoint, WebhookMessage
from apps.activity.services import sending as webhook_sending
from apps.activity.services import webhooks
from apps.activity.webhooks.transport import Answer
from apps.common.actors import SYSTEM
from apps.common.ids import uuid7
from apps.inference.models import Budget, Use
from apps.inference.services import budgets, keeping, uses
from apps.ledger import deliveries
from apps.ledger.models import Delivery, Event
from apps.ledger.services import begin_epoch, record, unit, write_checkpoint
from tests.guards.rows import put
from tests.guards.scenes.house import LONG_AGO, House, Scenes, in_a_transaction
from tests.ledger.bells import BellRung


class Deliveries(House):
    def endpoint(self):
        return self.put(WebhookEndpoint, created_by=self.owner.id, event_types=["*"])

    def event(self):
        with unit(actor=SYSTEM, workspace=self.workspace.id):
            record(BellRung(bell=uuid7()))
        return Event.objects.filter(workspace_id=self.workspace.id).latest("seq")

    def message(self):
        said = {"endpoint": self.endpoint().id, "event": self.event().id}
        return put(WebhookMessage, said)

    def delivery(self, **said):
        return put(Delivery, {"event": self.event().id, "subscription": "tests.listen"} | said)

    def deleted(self):
        self.workspace.deleted_at = timezone.now()
        self.workspace.save()
        return self.workspace


WAITS: Scenes[Deliveries] = {
    "activity.services.sending.offer_events": lambda h: (
        h.event() and (endpoint := h.endpoint()),
        lambda: webhook_sending.offer_events(endpoint.id),
    ),
    "activity.services.sending._lease": lambda h: (
        "hashtextextended('webhook leases', 0)",
        lambda: webhook_sending.send_webhooks(endpoint_id=h.endpoint().id),
    ),
    "activity.services.sending._note": lambda h: (
        (message := h.message()).endpoint,
        lambda: webhook_sending._note(message, Answer(0.1, status=200)),
    ),
    "activity.services.sending._note.2": lambda h: (
        message := h.message(),
        lambda: webhook_sending._note(message, Answer(0.1, status=200)),
    ),
    "activity.services.webhooks.forget_webhooks": lambda h: (
        h.endpoint(),
        lambda: webhooks.forget_webhooks(workspace_id=h.deleted().id, actor=SYSTEM),
    ),
    "activity.services.webhooks.replay_message": lambda h: (
        message := h.message(),
        lambda: webhooks.replay_message(message=message, actor=h.owner),
    ),
    "activity.services.webhooks._lock": lambda h: (
        endpoint := h.endpoint(),
        lambda: webhooks.send_test(webhook=endpoint, actor=h.owner),
    ),
    "inference.services.budgets.set_budget": lambda h: (
        h.workspace,
        lambda: budgets.set_budget(workspace_id=h.workspace.id, monthly=Decimal(1), actor=h.owner),
    ),
    "inference.services.budgets.set_budget.2": lambda h: (
        h.put(Budget),
        lambda: budgets.set_budget(workspace_id=h.workspace.id, monthly=Decimal(1), actor=h.owner),
    ),
    "ledger.deliveries._note_failure": lambda h: (
        delivery := h.delivery(),
        lambda: deliveries._note_failure(delivery.id, ValueError()),
    ),
    "ledger.deliveries.replay": lambda h: (
        h.delivery(parked_at=timezone.now()),
        lambda: deliveries.replay(parked=Delivery.objects.all(), actor=SYSTEM),
    ),
    "ledger.services._take_the_pen": lambda h: (
        "hashtext('ledger.checkpoints')",
        lambda: begin_epoch(reason="restored", actor=SYSTEM),
    ),
    "inference.services.uses._budget": lambda h: (
        h.put(Budget),
        in_a_transaction(lambda: uses._budget(h.workspace.id)),
    ),
}

PASSES_OVER: Scenes[Deliveries] = {
    "inference.services.keeping.SUM_UP": lambda h: (
        h.put(Use, at=LONG_AGO),
        keeping.sum_up_old_uses,
    ),
    "ledger.deliveries._due": lambda h: (
        h.delivery(next_at=LONG_AGO),
        lambda: deliveries.claim(10),
    ),
    "ledger.services._take_the_pen.2": lambda h: (
        h.event() and "hashtext('ledger.checkpoints')",
        write_checkpoint,
    ),
}
