"""The clock's door to the ledger."""

from celery import shared_task

from apps.ledger import deliveries, services
from apps.ledger.switch import stays_open


@shared_task(name="ledger.write_checkpoint")
@stays_open
def write_checkpoint() -> None:
    services.write_checkpoint()


@shared_task(name="ledger.forget_done_deliveries")
def forget_done_deliveries() -> None:
    deliveries.forget_done()
